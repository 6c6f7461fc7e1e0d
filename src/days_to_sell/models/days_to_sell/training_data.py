"""From the four sources to the training frame: what was known when each advert was listed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from days_to_sell.models.days_to_sell.mileage_bands import BANDS, EDGES, UNKNOWN
from days_to_sell.models.days_to_sell.spells import spells
from days_to_sell.models.frames import numbers_as_double

SAME_DAY = 0.5
"""Days that a sale on the day of listing counts as: durations are above zero."""


def training_frame(sources: Mapping[str, DataFrame], snapshot: date) -> DataFrame:
    """Join the sources into one row per spell, valued as of its first listing.

    A car's adverts that follow one another are one spell, whose row carries what its first advert said. One
    still listed at the snapshot, or withdrawn and not listed again, is censored there. An advert listed on
    the very day of the snapshot stays in with half a day of follow-up; it tells next to nothing. Every other
    column of the sources comes through, so that a feature needs no change here; what is known only after the
    listing does not, since it is the answer.

    Whoever cuts the frame to what was known on an earlier day sees ``duration`` run on from ``listed_on``.
    Days between the adverts of a spell are not in it, so a sale after a relisting may then count as seen up
    to 14 days early for each gap, and a car off sale on that day as still on sale: few rows and few days.

    Args:
        sources: ``adverts``, ``taxonomy``, ``valuations`` and ``geography``, each of one snapshot.
        snapshot: Date of that snapshot.

    Returns:
        ``row_id`` (the first advert), ``seller_id``, ``listed_on``, ``duration`` in days on sale,
        ``observed`` (1.0 sold, 0.0 censored), ``as_of`` (the day of listing), ``valuation_gbp`` (null where
        none was known on that day) and the columns of adverts, taxonomy and geography; numbers are doubles.
    """
    offered = spells(sources["adverts"], snapshot).withColumn("mileage_band", mileage_band(F.col("mileage")))
    joined = (
        with_valuation(offered, sources["valuations"])
        .join(F.broadcast(sources["taxonomy"]), "derivative_id", "left")
        .join(F.broadcast(sources["geography"]), "outcode", "left")
    )
    days = F.col("days_listed")
    frame = (
        joined.withColumnRenamed("advert_id", "row_id")
        .withColumn("duration", F.when(days == 0, SAME_DAY).otherwise(days))
        .withColumn("observed", F.col("sold").cast("double"))
        .withColumn("as_of", F.col("listed_on"))
        .drop("removed_on", "removal_reason", "vehicle_id", "days_listed", "sold", "derivative_id")
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

    A valuation holds until the next one of the same car, so that an advert meets exactly one: no row is
    multiplied, and nothing has to be brought together again.

    Args:
        adverts: Adverts with their ``mileage_band``.
        valuations: Valuations by derivative, registration year, mileage band and month.
    """
    key = ("derivative_id", "registration_year", "mileage_band")
    history = Window.partitionBy(*key).orderBy("valued_on", "retail_gbp")
    holding = valuations.select(
        *[F.col(name).alias(f"_{name}") for name in key],
        F.col("valued_on").alias("_from"),
        F.lead("valued_on").over(history).alias("_until"),
        F.col("retail_gbp").alias("valuation_gbp"),
    )
    held = (
        (F.col("derivative_id") == F.col("_derivative_id"))
        & (F.year("registered_on") == F.col("_registration_year"))
        & (F.col("mileage_band") == F.col("_mileage_band"))
        & (F.col("_from") <= F.col("listed_on"))
        & (F.col("_until").isNull() | (F.col("listed_on") < F.col("_until")))
    )
    return adverts.join(holding, held, "left").drop(*[f"_{name}" for name in key], "_from", "_until")
