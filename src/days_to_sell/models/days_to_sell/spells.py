"""Spells: adverts of one car that follow one another are one attempt to sell it."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from days_to_sell.models.days_to_sell.spec import SOLD

RELISTED_WITHIN = 14
"""Days after a removal within which another advert of the car continues the spell."""


def spells(adverts: DataFrame, snapshot: date) -> DataFrame:
    """Give the first advert of each spell, with how long the whole spell was listed and how it ended.

    Adverts of the same vehicle and seller belong together when each is listed at most 14 days after all
    earlier ones were removed: listing a car again does not restart its clock. Days between two adverts do
    not count, days that two adverts share count once. A spell is sold when its last advert was: one that was
    withdrawn and not listed again ends there unsold, one still listed ends at the snapshot. An advert
    without ``vehicle_id`` is a spell of its own; such adverts are neither shuffled nor sorted.

    Args:
        adverts: With ``vehicle_id`` and ``removal_reason``, either of which may be null; a removal without a
            reason is a sale.
        snapshot: Day at which adverts not removed are still listed.

    Returns:
        The columns of the first advert as they were listed, ``days_listed`` (whole days) and ``sold``.
    """
    sold = F.col("removed_on").isNotNull() & (F.coalesce("removal_reason", F.lit(SOLD)) == SOLD)
    ended = adverts.withColumns(
        {"ended_on": F.coalesce("removed_on", F.lit(snapshot)), "sold": sold},
    )
    alone = ended.where(F.col("vehicle_id").isNull()).withColumn(
        "days_listed", F.datediff("ended_on", "listed_on")
    )
    chained = _chained(ended.where(F.col("vehicle_id").isNotNull()))
    return alone.unionByName(chained).drop("ended_on")


def _chained(ended: DataFrame) -> DataFrame:
    """Join up adverts by gaps and islands: one shuffle by car and seller, for both windows."""
    car = Window.partitionBy("vehicle_id", "seller_id").orderBy("listed_on", "advert_id")
    spell = Window.partitionBy("vehicle_id", "seller_id", "_spell")
    still_listed = F.col("removed_on").isNull()
    last = F.max(F.struct("ended_on", still_listed, "listed_on", "advert_id", "sold")).over(spell)
    days = F.datediff("ended_on", F.greatest("listed_on", "_before"))
    earlier = car.rowsBetween(Window.unboundedPreceding, -1)
    return (
        ended.withColumn("_before", F.max("ended_on").over(earlier))
        .withColumn(
            "_first",
            F.col("_before").isNull() | (F.datediff("listed_on", "_before") > RELISTED_WITHIN),
        )
        .withColumn("_days", F.when(F.col("_first"), F.datediff("ended_on", "listed_on")).otherwise(days))
        .withColumn("_spell", F.sum(F.col("_first").cast("int")).over(car))
        .withColumns(
            {
                "days_listed": F.sum(F.greatest("_days", F.lit(0))).over(spell).cast("int"),
                "sold": last.getField("sold"),
            }
        )
        .where("_first")
        .drop("_before", "_first", "_days", "_spell")
    )
