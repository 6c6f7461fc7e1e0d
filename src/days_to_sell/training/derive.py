"""Derivations on Spark frames; ``scoring.derive`` does the same on Python rows."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from days_to_sell.errors import SpecError
from days_to_sell.spec import Difference, Log, Lookup, ModelSpec, MonthsBetween, Ratio


def derive(frame: DataFrame, spec: ModelSpec, tables: Mapping[str, Mapping[str, str]]) -> DataFrame:
    """Turn a frame of raw columns into what the pipeline takes: derived columns added, missing numbers NaN.

    Engines differ on a null number, and agree on NaN.

    Args:
        frame: Raw columns, numbers as doubles.
        spec: The model, for its derivations and numbers.
        tables: Looked-up column to its table, key to value.

    Raises:
        SpecError: A lookup has no table.
    """
    for name, derivation in spec.derivations.items():
        if isinstance(derivation, Lookup):
            frame = _look_up(frame, name, derivation, tables)
        else:
            frame = frame.withColumn(name, _compute(derivation))
    numbers = {number.name: F.coalesce(number.name, F.lit(float("nan"))) for number in spec.numbers}
    return frame.withColumns(numbers)


def _compute(derivation: Ratio | Difference | Log | MonthsBetween) -> Column:
    """Give the column, null where it is missing."""
    match derivation:
        case Ratio(numerator, denominator):
            return F.when(F.col(denominator) != 0, F.col(numerator) / F.col(denominator))
        case Difference(minuend, subtrahend):
            return F.col(minuend) - F.col(subtrahend)
        case Log(operand):
            return F.when(F.col(operand) > 0, F.log(F.col(operand)))
        case MonthsBetween(start, end):
            first, last = F.col(start), F.col(end)
            months = (F.year(last) - F.year(first)) * 12 + (F.month(last) - F.month(first))
            return months + (F.dayofmonth(last) - F.dayofmonth(first)) / F.lit(31)


def _look_up(
    frame: DataFrame, name: str, derivation: Lookup, tables: Mapping[str, Mapping[str, str]]
) -> DataFrame:
    if name not in tables:
        raise SpecError(f"no table for the looked-up column {name!r}; source {derivation.table!r} gave none")
    table = frame.sparkSession.createDataFrame(
        sorted(tables[name].items()), f"`{derivation.key}` string, `{name}` string"
    )
    return frame.join(F.broadcast(table), derivation.key, "left")
