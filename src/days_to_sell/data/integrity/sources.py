"""The checks of sources: their columns first, then the values in them.

Values of a source wait for its columns: what is of the wrong type is reported once, as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.data.integrity.carried_out import Inspector
from days_to_sell.data.integrity.declared import (
    SPARK_TYPES,
    Expected,
    expected_of,
    has_rows,
    is_known,
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
    results: list[CheckResult] = []
    sound: dict[str, DataFrame] = {}
    for source in sources:
        frame = _with_optional(source, frames[source.name])
        found = list(_check_columns(inspector, source, frame))
        results += found
        if all(result.passed for result in found):
            columns = {column.name: typed(column) for column in source.columns}
            sound[source.name] = frame.withColumns(columns).cache()
    for source in sources:
        if source.name in sound:
            before = (last or {}).get(source.name)
            results += _check_values(inspector, source, sound, snapshot, before)
    return sound, Report(tuple(results))


def _with_optional(source: Source, frame: DataFrame) -> DataFrame:
    """Add the optional columns that a source lacks, without any value."""
    absent = [column for column in source.columns if column.optional and column.name not in frame.columns]
    return frame.withColumns({column.name: F.lit(None).cast(SPARK_TYPES[column.type]) for column in absent})


def _check_columns(inspector: Inspector, source: Source, frame: DataFrame) -> Iterator[CheckResult]:
    missing = tuple(column.name for column in source.columns if column.name not in frame.columns)
    yield CheckResult(source.name, "columns are there", len(source.columns), len(missing), missing)
    yield named_leaks(source, frame.columns)
    if missing:
        return
    marked = frame.withColumns(
        {
            type_marker(column.name): wrong_type(frame.schema[column.name].dataType, column)
            for column in source.columns
        }
    )
    checks = [has_rows()]
    for column in source.columns:
        checks.append(is_of_type(column))
        if not column.nullable:
            checks.append(is_known(column.name))
    yield from inspector.inspect(source.name, marked, checks, source.key)


def _check_values(
    inspector: Inspector, source: Source, sound: Frames, snapshot: date, last: SnapshotRows | None
) -> Iterator[CheckResult]:
    frame = sound[source.name]
    checks: list[Expected] = []
    for check in source.checks:
        expected = expected_of(check, snapshot, last)
        if isinstance(check, Refers):
            if check.source not in sound:
                rows = frame.count()
                yield CheckResult(source.name, f"{expected.check} ({check.source} is red)", rows, rows)
                continue
            frame = _mark_unknown(frame, check, sound[check.source])
            if check.column in source.key:
                expected = replace(expected, marker=None)
        checks.append(expected)
    if checks:
        yield from inspector.inspect(source.name, frame, checks, source.key)


def _mark_unknown(frame: DataFrame, check: Refers, source: DataFrame) -> DataFrame:
    """Mark the values of a column that are none of the same column's in another source."""
    known = source.select(F.col(check.column).alias("__known")).distinct()
    value = F.col(check.column)
    joined = frame.join(known, value == F.col("__known"), "left")
    unknown = F.when(F.col("__known").isNull(), value)
    return joined.withColumn(reference_marker(check.column), unknown).drop("__known")
