"""Derivations on Spark frames; ``scoring.derive`` does the same on Python rows."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from days_to_sell.errors import SpecError, TrainingError
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


def is_complete(spec: ModelSpec) -> Column:
    """Tell whether a derived row has every number that the pipeline cannot do without."""
    complete = F.lit(True)
    for name in spec.required_numbers:
        # To Spark, NaN is above infinity.
        complete &= F.abs(name) < float("inf")
    return complete


def require_complete(frame: DataFrame, spec: ModelSpec) -> None:
    """Refuse derived training rows without a number that the pipeline cannot do without.

    Raises:
        TrainingError: Says how many rows lack which number.
    """
    incomplete = frame.where(~is_complete(spec)).count()
    if incomplete:
        raise TrainingError(
            f"{incomplete} training rows have no finite {' or '.join(spec.required_numbers)}; leave them out "
            "in training_data.py, or declare the feature Bucketed, which has a bucket for missing values"
        )


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
