"""Counting the rows of a frame into the bins of a profile, all columns in one job."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from days_to_sell.scoring.bins import Bins, NumberBins, TextBins


def count_bins(frame: DataFrame, bins: Mapping[str, Bins]) -> dict[str, tuple[int, ...]]:
    """Count rows by bin, as the service does row by row.

    Args:
        frame: Has the columns that ``bins`` names; a null and NaN are both missing.
        bins: Column to its bins.

    Returns:
        Column to rows by bin.
    """
    found = [
        F.struct(F.lit(name).alias("column"), _bin(name, each).alias("bin")) for name, each in bins.items()
    ]
    counted = frame.select(F.explode(F.array(*found)).alias("found")).groupBy("found").count()
    counts = {name: [0] * each.size for name, each in bins.items()}
    for row in counted.collect():
        counts[row["found"]["column"]][row["found"]["bin"]] = row["count"]
    return {name: tuple(each) for name, each in counts.items()}


def _bin(name: str, bins: Bins) -> Column:
    match bins:
        case NumberBins(edges):
            value = F.col(name).cast("double")
            above = sum(((value > edge).cast("int") for edge in edges), F.lit(0))
            return F.when(value.isNull() | F.isnan(value), bins.size - 1).otherwise(above)
        case TextBins(apart, others):
            value = F.col(name)
            places = F.when(value.isNull(), bins.size - 1)
            for index, text in enumerate(apart):
                places = places.when(value == text, index)
            return places.when(value.isin(*others), len(apart)).otherwise(bins.unseen)
