"""From the dealer's stock list to the training frame."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.models.frames import numbers_as_double

JUST_IN = 0.5
"""Days that a car booked in just now counts as: durations are above zero."""


def training_frame(sources: Mapping[str, DataFrame], snapshot: date) -> DataFrame:
    """Turn the stock list into one row per car.

    ``stock_id`` follows the date of entry, so with it a model could tell sold cars from unsold ones. The
    row's id is a hash of it; itself it comes through for the integrity report to warn of, and no feature
    reads it.
    The list has no dates and no seller, and its weeks are already counted up to the day of the list, so the
    snapshot's date is not needed.

    Args:
        sources: ``stock``.
        snapshot: Date of the snapshot; not read.

    Returns:
        ``row_id``, ``duration`` in days, ``observed`` (1.0 sold, 0.0 still in stock) and the other columns of
        the source; numbers are doubles.
    """
    days = F.col("weeks_in_stock").cast("double") * 7
    entry = F.concat(F.lit("stock "), F.col("stock_id").cast("string"))
    frame = (
        sources["stock"]
        .withColumn("row_id", F.substring(F.sha2(entry, 256), 1, 16))
        .withColumn("duration", F.when(days == 0, JUST_IN).otherwise(days))
        .withColumn("observed", F.col("is_sold"))
        .drop("weeks_in_stock", "is_sold")
    )
    return numbers_as_double(frame)
