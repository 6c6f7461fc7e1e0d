"""From the four sources to the training frame: what was known when each advert was listed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from days_to_sell.models.days_to_sell.mileage_bands import BANDS, EDGES, UNKNOWN
from days_to_sell.models.frames import numbers_as_double

SAME_DAY = 0.5
"""Days that a sale on the day of listing counts as: durations are above zero."""


def training_frame(sources: Mapping[str, DataFrame], snapshot: date) -> DataFrame:
    """Join the sources into one row per advert, valued as of its listing.

    An advert still listed at the snapshot is censored there. One listed on that very day stays in with half
    a day of follow-up, so that the rows of the frame are the rows of the source; it tells next to nothing.
    Every other column of the sources comes through, so that a feature needs no change here; ``removed_on``
    does not, since it is the answer.

    Args:
        sources: ``adverts``, ``taxonomy``, ``valuations`` and ``geography``, each of one snapshot.
        snapshot: Date of that snapshot.

    Returns:
        ``row_id``, ``seller_id``, ``listed_on``, ``duration`` in days, ``observed`` (1.0 sold, 0.0 censored),
        ``as_of`` (the day of listing), ``valuation_gbp`` (null where none was known on that day) and the
        columns of adverts, taxonomy and geography; numbers are doubles.
    """
    adverts = sources["adverts"].withColumn("mileage_band", mileage_band(F.col("mileage")))
    joined = (
        with_valuation(adverts, sources["valuations"])
        .join(F.broadcast(sources["taxonomy"]), "derivative_id", "left")
        .join(F.broadcast(sources["geography"]), "outcode", "left")
    )
    days = F.datediff(F.coalesce("removed_on", F.lit(snapshot)), F.col("listed_on"))
    frame = (
        joined.withColumnRenamed("advert_id", "row_id")
        .withColumn("duration", F.when(days == 0, SAME_DAY).otherwise(days))
        .withColumn("observed", F.col("removed_on").isNotNull().cast("double"))
        .withColumn("as_of", F.col("listed_on"))
        .drop("removed_on", "removal_reason", "derivative_id")
    )
    return numbers_as_double(frame)


def mileage_band(mileage: Column) -> Column:
    """Name the band of a mileage; a missing one has a band of its own."""
    band = F.when(mileage.isNull(), UNKNOWN)
    for edge, name in zip(EDGES, BANDS, strict=False):
        band = band.when(mileage < edge, name)
    return band.otherwise(BANDS[-1])


def with_valuation(adverts: DataFrame, valuations: DataFrame) -> DataFrame:
    """Add ``valuation_gbp``: the latest valuation known on the day of listing, never a later one.

    Args:
        adverts: Adverts with their ``mileage_band``.
        valuations: Valuations by derivative, registration year, mileage band and month.
    """
    key = ("derivative_id", "registration_year", "mileage_band")
    wanted = adverts.select(
        "advert_id",
        "derivative_id",
        F.year("registered_on").alias("registration_year"),
        "mileage_band",
        "listed_on",
    )
    latest = (
        wanted.join(valuations.select(*key, "valued_on", "retail_gbp"), list(key))
        .where(F.col("valued_on") <= F.col("listed_on"))
        .groupBy("advert_id")
        .agg(F.max(F.struct("valued_on", "retail_gbp")).getField("retail_gbp").alias("valuation_gbp"))
    )
    return adverts.join(latest, "advert_id", "left")
