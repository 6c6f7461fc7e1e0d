"""Two frames are equal, or it is said in which columns and rows they are not."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from days_to_sell.training.equivalence import ColumnDifference, Sample, compare_frames

COLUMNS = "row_id string, make string, mileage double, days double"
ROWS: tuple[tuple[Any, ...], ...] = (
    ("a", "Ford", 1_000.0, 10.0),
    ("b", None, float("nan"), 0.5),
    ("c", "Kia", None, 180.0),
)


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> DataFrame:
    """Three rows with a null and a NaN."""
    return spark.createDataFrame(ROWS, COLUMNS)


def test_the_same_rows_are_equal_in_any_order(frame: DataFrame) -> None:
    """Order and partitions do not matter; null equals null, and NaN equals NaN."""
    found = compare_frames("rows", frame, frame.orderBy(F.desc("row_id")).repartition(3))

    assert found.equal
    assert found.rows == (3, 3)
    assert found.digests is not None
    assert found.digests[0] == found.digests[1]
    assert found.to_text().startswith("rows: the same\n")


def test_a_value_that_differs_is_told_by_column_and_row(frame: DataFrame) -> None:
    """One number and one text that were changed are named with both values, and nothing else is."""
    changed = frame.withColumns(
        {
            "days": F.when(F.col("row_id") == "c", 180.0000001).otherwise(F.col("days")),
            "make": F.coalesce("make", F.lit("Ford")),
        }
    )

    found = compare_frames("rows", changed, frame)

    assert not found.equal
    assert found.columns == (
        ColumnDifference("make", 1, (Sample("b", "Ford", None),)),
        ColumnDifference("days", 1, (Sample("c", 180.0000001, 180.0),)),
    )
    text = found.to_text()
    assert text.startswith("rows: DIFFERENT\n")
    assert "column days: 1 rows differ\n    row c: notebook 180.0000001, project 180.0" in text


def test_predictions_are_equal_within_the_tolerance(frame: DataFrame) -> None:
    """Where it need not be exact, a relative 1e-10 passes and 1e-8 does not; NaN equals no number."""
    near, far = (frame.withColumn("days", F.col("days") * factor) for factor in (1 + 1e-10, 1 + 1e-8))

    assert compare_frames("days", near, frame, exact=False).equal
    assert not compare_frames("days", near, frame).equal
    (days,) = compare_frames("days", far, frame, exact=False).columns
    assert (days.column, days.rows) == ("days", 3)
    for wrong in ("NaN", None):
        broken = frame.withColumn("days", F.lit(wrong).cast("double"))
        assert [each.rows for each in compare_frames("days", broken, frame, exact=False).columns] == [3]


def test_rows_of_one_side_alone_are_named(frame: DataFrame) -> None:
    """A row that only one side has is counted once, not as a difference in every column."""
    found = compare_frames("rows", frame.where("row_id != 'a'"), frame)

    assert not found.equal
    assert found.columns == (ColumnDifference("row_id", 1, (Sample("a", "absent", "a"),)),)


def test_a_row_that_stands_twice_is_a_difference(frame: DataFrame) -> None:
    """Counts and digests tell rows apart that a join on their name would not."""
    found = compare_frames("rows", frame.unionAll(frame.where("row_id = 'a'")), frame)

    assert not found.equal
    assert found.rows == (4, 3)


def test_a_column_of_another_type_is_a_difference(frame: DataFrame) -> None:
    """A number kept as text, and a column that one side lacks, are told by their types."""
    other = frame.withColumn("mileage", F.col("mileage").cast("string")).drop("make")

    found = compare_frames("rows", other, frame)

    assert {each.column: each.first[0] for each in found.columns} == {
        "mileage": Sample("any", "string", "double"),
        "make": Sample("any", "absent", "string"),
    }


def test_no_rows_prove_nothing(frame: DataFrame) -> None:
    """Two empty frames agree on everything, and are not called equal."""
    nothing = frame.where("false")

    assert not compare_frames("rows", nothing, nothing).equal
