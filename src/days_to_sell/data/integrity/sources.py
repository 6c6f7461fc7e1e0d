"""The checks of sources: their columns first, then the values in them.

Values of a source wait for its columns: what is of the wrong type is reported once, as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.data.integrity.carried_out import KEY, Inspector, key_of
from days_to_sell.data.integrity.declared import (
    SPARK_TYPES,
    expected_of,
    gap_marker,
    has_no_gap,
    has_rows,
    is_of_type,
    reference_marker,
    type_marker,
    typed,
    wrong_type,
)
from days_to_sell.data.lake import SnapshotRows
from days_to_sell.data.leaks import named_leaks
from days_to_sell.data.report import CheckResult, Report
from days_to_sell.spec import Refers, Source

Frames = Mapping[str, DataFrame]


def check_sources(
    sources: Sequence[Source], frames: Frames, snapshot: date, last: Mapping[str, SnapshotRows] | None = None
) -> tuple[Frames, Report]:
    """Check every source and give its columns the declared types.

    Args:
        sources: What each frame has to be.
        frames: Source name to its frame, as stored.
        snapshot: Day after which nothing can have happened.
        last: Source name to the snapshot before this one, where there is one.

    Returns:
        The typed frames (only to be used when the report is green) and the report.
    """
    inspector = Inspector()
    schemas = {source.name: _check_schema(source, frames[source.name]) for source in sources}
    readable = {
        source.name: _with_optional(source, frames[source.name])
        for source in sources
        if schemas[source.name][0].passed
    }
    inspected = {
        source.name: _inspect(inspector, source, readable, snapshot, (last or {}).get(source.name))
        for source in sources
        if source.name in readable
    }
    results = [result for schema in schemas.values() for result in schema]
    results += [result for found in inspected.values() for result in found.columns]
    sound = {
        source.name: _typed(source, readable[source.name]).cache()
        for source in sources
        if source.name in inspected
        and all(result.passed for result in (*schemas[source.name], *inspected[source.name].columns))
    }
    for source in sources:
        if source.name in sound:
            results += _judged(source, inspected[source.name].values, sound)
    return sound, Report(tuple(results))


@dataclass(frozen=True)
class _Inspected:
    """Results for the columns of a source, and for the values in them."""

    columns: Sequence[CheckResult]
    values: Sequence[CheckResult]


def _with_optional(source: Source, frame: DataFrame) -> DataFrame:
    """Add the optional columns that a source lacks, without any value."""
    absent = [column for column in source.columns if column.optional and column.name not in frame.columns]
    return frame.withColumns({column.name: F.lit(None).cast(SPARK_TYPES[column.type]) for column in absent})


def _typed(source: Source, frame: DataFrame) -> DataFrame:
    schema = frame.schema
    return frame.withColumns(
        {column.name: typed(schema[column.name].dataType, column) for column in source.columns}
    )


def _check_schema(source: Source, frame: DataFrame) -> tuple[CheckResult, CheckResult]:
    required = [column.name for column in source.columns if not column.optional]
    missing = tuple(name for name in required if name not in frame.columns)
    there = CheckResult(source.name, "columns are there", len(source.columns), len(missing), missing)
    return there, named_leaks(source, frame.columns)


def _inspect(
    inspector: Inspector, source: Source, readable: Frames, snapshot: date, last: SnapshotRows | None
) -> _Inspected:
    """Look at columns and values in one go, for a pass over the data costs more than a check."""
    frame = readable[source.name]
    stored = frame.schema
    marks = {KEY: key_of(source.key)}
    checks = [has_rows()]
    for column in source.columns:
        marks[type_marker(column.name)] = wrong_type(stored[column.name].dataType, column)
        checks.append(is_of_type(column))
        if not column.nullable:
            marks[gap_marker(column.name)] = F.col(column.name).isNull()
            checks.append(has_no_gap(column.name))
    of_columns = len(checks)
    marked = _typed(source, frame.withColumns(marks))
    for check in source.checks:
        expected = expected_of(check, snapshot, last)
        if isinstance(check, Refers):
            if check.source in readable:
                marked = _mark_unknown(marked, check, readable[check.source])
            else:
                marked = marked.withColumn(reference_marker(check.column), F.col(check.column))
            if check.column in source.key:
                expected = replace(expected, marker=None)
        checks.append(expected)
    marked = marked.cache()
    try:
        results = inspector.inspect(source.name, marked, checks)
    finally:
        marked.unpersist()
    return _Inspected(results[:of_columns], results[of_columns:])


def _judged(source: Source, results: Sequence[CheckResult], sound: Frames) -> Iterator[CheckResult]:
    """Take no reference to a red source for green: its keys are nobody's word."""
    for check, result in zip(source.checks, results, strict=True):
        if isinstance(check, Refers) and check.source not in sound:
            name = f"{result.check} ({check.source} is red)"
            yield CheckResult(source.name, name, result.checked, result.checked)
        else:
            yield result


def _mark_unknown(frame: DataFrame, check: Refers, source: DataFrame) -> DataFrame:
    """Mark the values of a column that are none of the same column's in another source."""
    known = source.select(F.col(check.column).alias("__known")).distinct()
    value = F.col(check.column)
    joined = frame.join(known, value == F.col("__known"), "left")
    unknown = F.when(F.col("__known").isNull(), value)
    return joined.withColumn(reference_marker(check.column), unknown).drop("__known")
