"""Integrity: the checks a model declares for its sources, carried out on Spark, and their report.

A check that fails names how many rows broke it and a few of them by key. Later checks of a source wait for
its columns: a value of the wrong type is reported once, as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, NumericType, StringType

from days_to_sell.data.report import CheckResult, Report
from days_to_sell.spec import (
    Check,
    InOrder,
    ModelSpec,
    NotAfterSnapshot,
    OneOf,
    Positive,
    Refers,
    Source,
    SourceColumn,
    Unique,
)
from days_to_sell.spec.columns import ColumnType

SAMPLES = 5
Frames = Mapping[str, DataFrame]
_SPARK_TYPES: dict[ColumnType, str] = {
    "string": "string",
    "long": "bigint",
    "double": "double",
    "date": "date",
}


def check_sources(sources: Sequence[Source], frames: Frames, snapshot: date) -> tuple[Frames, Report]:
    """Check every source and give its columns the declared types.

    Args:
        sources: What each frame has to be.
        frames: Source name to its frame, as stored.
        snapshot: Day after which nothing can have happened.

    Returns:
        The typed frames (only to be used when the report is green) and the report.
    """
    results: list[CheckResult] = []
    typed: dict[str, DataFrame] = {}
    for source in sources:
        frame = _with_optional(source, frames[source.name])
        results += _check_columns(source, frame)
        if all(result.passed for result in results if result.source == source.name):
            typed[source.name] = _cast(source, frame).cache()
    for source in sources:
        if source.name in typed:
            results += _check_values(source, typed, snapshot)
    return typed, Report(tuple(results))


def check_training_frame(spec: ModelSpec, frame: DataFrame) -> Report:
    """Check what the model's own code made of the sources: ids, outcome, and required values."""
    subject = "training data"
    conditions: dict[str, Column] = {
        "duration is above zero": F.col("duration").isNull() | ~(F.col("duration") > 0),
        "observed is 0 or 1": F.col("observed").isNull() | ~F.col("observed").isin(0.0, 1.0),
    }
    required = [column.name for column in spec.columns if not column.nullable]
    conditions |= {f"{name} is known": F.col(name).isNull() for name in required}
    rows, results = _failing(subject, frame, conditions, ("row_id",))
    return Report((_not_empty(subject, rows), *results, _unique(subject, frame, ("row_id",), rows)))


def _with_optional(source: Source, frame: DataFrame) -> DataFrame:
    """Add the optional columns that a source lacks, without any value."""
    absent = [column for column in source.columns if column.optional and column.name not in frame.columns]
    return frame.withColumns({column.name: F.lit(None).cast(_SPARK_TYPES[column.type]) for column in absent})


def _check_columns(source: Source, frame: DataFrame) -> Iterator[CheckResult]:
    stored = {field.name: field.dataType for field in frame.schema.fields}
    missing = tuple(column.name for column in source.columns if column.name not in stored)
    yield CheckResult(source.name, "columns are there", len(source.columns), len(missing), missing)
    leaks = tuple(name for name in source.leaks if name in stored)
    yield CheckResult(
        source.name, "no column gathered during a row's life (leak)", len(stored), len(leaks), leaks
    )
    if missing:
        return
    conditions: dict[str, Column] = {}
    for column in source.columns:
        value = F.col(column.name)
        fits = _castable(stored[column.name], column)
        conditions[f"{column.name} is {column.type}"] = (
            value.isNotNull() & _cast_column(column).isNull() if fits else value.isNotNull()
        )
        if not column.nullable:
            conditions[f"{column.name} is known"] = value.isNull()
    rows, results = _failing(source.name, frame, conditions, source.key)
    yield _not_empty(source.name, rows)
    yield from results


def _not_empty(subject: str, rows: int) -> CheckResult:
    return CheckResult(subject, "has rows", 1, 0 if rows else 1, ())


def _castable(stored: DataType, column: SourceColumn) -> bool:
    """Text may hold any type (a CSV does); else numbers fit numbers and dates fit dates."""
    if isinstance(stored, StringType):
        return True
    if column.type == "date":
        return isinstance(stored, DateType)
    return column.type != "string" and isinstance(stored, NumericType)


def _cast_column(column: SourceColumn) -> Column:
    value = F.col(column.name)
    cast = value.cast(_SPARK_TYPES[column.type])
    if column.type == "long":
        return F.when(value.cast("double") == cast.cast("double"), cast)
    if column.type == "double":
        # Neither NaN, which Spark orders above infinity, nor infinity is below it.
        return F.when(F.abs(cast) < F.lit(float("inf")), cast)
    return cast


def _cast(source: Source, frame: DataFrame) -> DataFrame:
    return frame.withColumns({column.name: _cast_column(column) for column in source.columns})


def _check_values(source: Source, typed: Frames, snapshot: date) -> Iterator[CheckResult]:
    frame = typed[source.name]
    conditions = dict(_row_conditions(source.checks, snapshot))
    rows, results = _failing(source.name, frame, conditions, source.key)
    yield from results
    for check in source.checks:
        if isinstance(check, Unique):
            yield _unique(source.name, frame, check.columns, rows)
        elif isinstance(check, Refers):
            yield _refers(source, check, typed, rows)


def _row_conditions(checks: Sequence[Check], snapshot: date) -> Iterator[tuple[str, Column]]:
    """Yield, by name, what a row that breaks a check looks like, for checks that look at one row alone."""
    for check in checks:
        match check:
            case Positive(column):
                yield f"{column} is above zero", F.col(column) <= 0
            case OneOf(column, values):
                yield f"{column} is one of {', '.join(map(str, values))}", ~F.col(column).isin(*values)
            case InOrder(earlier, later):
                yield f"{earlier} is not after {later}", F.col(earlier) > F.col(later)
            case NotAfterSnapshot(column):
                yield f"{column} is not after the snapshot {snapshot}", F.col(column) > F.lit(snapshot)


def _unique(subject: str, frame: DataFrame, columns: tuple[str, ...], rows: int) -> CheckResult:
    repeated = frame.groupBy(*columns).count().where("count > 1")
    failed = repeated.agg(F.sum("count")).collect()[0][0] or 0
    samples = _samples(repeated, columns) if failed else ()
    return CheckResult(subject, f"{', '.join(columns)} is unique", rows, failed, samples)


def _refers(source: Source, check: Refers, typed: Frames, rows: int) -> CheckResult:
    name = f"{check.column} is in {check.source}"
    if check.source not in typed:
        return CheckResult(source.name, f"{name} ({check.source} is red)", rows, rows, ())
    known = typed[check.source].select(check.column).distinct()
    unknown = typed[source.name].where(F.col(check.column).isNotNull()).join(known, check.column, "left_anti")
    failed = unknown.count()
    key = tuple(dict.fromkeys((*source.key, check.column)))
    return CheckResult(source.name, name, rows, failed, _samples(unknown, key) if failed else ())


def _failing(
    subject: str, frame: DataFrame, conditions: Mapping[str, Column], key: tuple[str, ...]
) -> tuple[int, list[CheckResult]]:
    """Count all rows and those behind every condition in one pass, with samples where there are any."""
    counts = [F.count_if(bad) for bad in conditions.values()]
    rows, *failed = frame.agg(F.count("*"), *counts).collect()[0]
    results = []
    for (name, bad), count in zip(conditions.items(), failed, strict=True):
        samples = _samples(frame.where(bad), key) if count else ()
        results.append(CheckResult(subject, name, rows, count, samples))
    return rows, results


def _samples(broken: DataFrame, key: tuple[str, ...]) -> tuple[str, ...]:
    named = broken.select(F.concat_ws(" ", *[F.col(part).cast("string") for part in key]).alias("key"))
    return tuple(row["key"] for row in named.orderBy("key").limit(SAMPLES).collect())
