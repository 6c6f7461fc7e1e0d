"""From what a spec declares to what Great Expectations expects.

A rule that compares with another type or another source is put into a marker first: a column that is null
where all is well, and holds the offending value where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import great_expectations.expectations as gxe
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, NumericType, StringType

from days_to_sell.data.lake import SnapshotRows
from days_to_sell.spec import (
    Check,
    Fresh,
    InOrder,
    NotAfterSnapshot,
    OneOf,
    Positive,
    Refers,
    SourceColumn,
    Unique,
    Volume,
    Within,
)
from days_to_sell.spec.columns import ColumnType

SPARK_TYPES: dict[ColumnType, str] = {
    "string": "string",
    "long": "bigint",
    "double": "double",
    "date": "date",
}


@dataclass(frozen=True)
class Expected:
    """One check as the library carries it out.

    Args:
        check: Its name in the report.
        expectation: What is expected of the frame.
        of_rows: Whether it holds of each row, or of the table as a whole.
        marker: Column of the frame whose value belongs into a sample, beside the row's key.
        note: What a reader has to know of it.
    """

    check: str
    expectation: gxe.Expectation
    of_rows: bool = True
    marker: str | None = None
    note: str = ""


def has_rows() -> Expected:
    """Expect at least one row."""
    return Expected("has rows", gxe.ExpectTableRowCountToBeBetween(min_value=1), of_rows=False)


def is_known(column: str) -> Expected:
    """Expect a value in every row."""
    return Expected(f"{column} is known", gxe.ExpectColumnValuesToNotBeNull(column=column))


def has_no_gap(column: str) -> Expected:
    """Expect a value in every row as it is stored, whatever its type."""
    found = gxe.ExpectColumnValuesToBeInSet(column=gap_marker(column), value_set=[False])
    return Expected(f"{column} is known", found)


def is_unique(columns: Sequence[str]) -> Expected:
    """Expect no two rows to agree in all columns."""
    expectation = (
        gxe.ExpectColumnValuesToBeUnique(column=columns[0])
        if len(columns) == 1
        else gxe.ExpectCompoundColumnsToBeUnique(column_list=list(columns))
    )
    return Expected(f"{', '.join(columns)} is unique", expectation)


def is_of_type(column: SourceColumn) -> Expected:
    """Expect nothing in the marker of values that the declared type cannot hold."""
    marker = type_marker(column.name)
    return Expected(f"{column.name} is {column.type}", gxe.ExpectColumnValuesToBeNull(column=marker))


def is_above_zero(column: str) -> Expected:
    """Expect numbers above zero."""
    expectation = gxe.ExpectColumnValuesToBeBetween(column=column, min_value=0, strict_min=True)
    return Expected(f"{column} is above zero", expectation)


def expected_of(check: Check, snapshot: date, last: SnapshotRows | None) -> Expected:
    """Turn a declared check into an expectation.

    Args:
        check: The declaration.
        snapshot: Day of the snapshot.
        last: The snapshot before; None for the first one.
    """
    match check:
        case Unique(columns):
            return is_unique(columns)
        case Positive(column):
            return is_above_zero(column)
        case Within(column, minimum, maximum):
            bounds = gxe.ExpectColumnValuesToBeBetween(column=column, min_value=minimum, max_value=maximum)
            limits = {"from": minimum, "up to": maximum}
            said = " ".join(f"{word} {limit:,}" for word, limit in limits.items() if limit is not None)
            return Expected(f"{column} is {said}", bounds)
        case OneOf(column, values):
            member = gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(values))
            return Expected(f"{column} is one of {', '.join(map(str, values))}", member)
        case InOrder(earlier, later):
            order = gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=later, column_B=earlier, or_equal=True, ignore_row_if="either_value_is_missing"
            )
            return Expected(f"{earlier} is not after {later}", order)
        case NotAfterSnapshot(column):
            past = gxe.ExpectColumnValuesToBeBetween(column=column, max_value=snapshot)
            return Expected(f"{column} is not after the snapshot {snapshot}", past)
        case Refers(column, source):
            marker = reference_marker(column)
            known = gxe.ExpectColumnValuesToBeNull(column=marker)
            return Expected(f"{column} is in {source}", known, marker=marker)
        case Fresh(column, days):
            newest = gxe.ExpectColumnMaxToBeBetween(column=column, min_value=snapshot - timedelta(days=days))
            return Expected(f"newest {column} is within {days} days of the snapshot", newest, of_rows=False)
        case Volume(least, most):
            return _volume(least, most, last)


def _volume(least: float, most: float, last: SnapshotRows | None) -> Expected:
    name = f"has {least:g} to {most:g} times the rows of the snapshot before"
    if last is None:
        first = gxe.ExpectTableRowCountToBeBetween(min_value=0)
        return Expected(name, first, of_rows=False, note="no snapshot before this one")
    bounds = gxe.ExpectTableRowCountToBeBetween(
        min_value=int(last.rows * least), max_value=int(last.rows * most)
    )
    return Expected(name, bounds, of_rows=False, note=f"{last.rows:,} rows on {last.day}")


def type_marker(column: str) -> str:
    """Name the column that marks values of the wrong type."""
    return f"__{column}__wrong_type"


def gap_marker(column: str) -> str:
    """Name the column that marks missing values."""
    return f"__{column}__missing"


def reference_marker(column: str) -> str:
    """Name the column that marks values which refer to nothing."""
    return f"__{column}__unknown"


def wrong_type(stored: DataType, column: SourceColumn) -> Column:
    """Give the values, as text, that the declared type cannot hold."""
    return F.when(typed(stored, column).isNull(), F.col(column.name).cast("string"))


def typed(stored: DataType, column: SourceColumn) -> Column:
    """Give a column its declared type; what does not fit becomes null."""
    value = F.col(column.name)
    if not _fits(stored, column):
        return F.lit(None).cast(SPARK_TYPES[column.type])
    cast = value.cast(SPARK_TYPES[column.type])
    if column.type == "long":
        return F.when(value.cast("double") == cast.cast("double"), cast)
    if column.type == "double":
        # Neither NaN, which Spark orders above infinity, nor infinity is below it.
        return F.when(F.abs(cast) < F.lit(float("inf")), cast)
    return cast


def _fits(stored: DataType, column: SourceColumn) -> bool:
    """Text may hold any type (a CSV does); else numbers fit numbers and dates fit dates."""
    if isinstance(stored, StringType):
        return True
    if column.type == "date":
        return isinstance(stored, DateType)
    return column.type != "string" and isinstance(stored, NumericType)
