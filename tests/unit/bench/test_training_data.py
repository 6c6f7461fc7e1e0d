"""The comparison with DuckDB compares the same work, and says what its figures say."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from pyspark.sql import SparkSession

from bench.joins import Measured, join_with_duckdb, join_with_spark
from bench.training_data import NAMES, Size, compare, crossing, growth
from days_to_sell.models.days_to_sell.example import write_example_lake


def size(adverts: int, **seconds: float) -> Size:
    """Make a size at which engines took so many seconds."""
    measured = {name: [Measured(name, seconds.get(name, 1.0), 0.0, 0.0, None)] for name in NAMES}
    return Size(adverts, 1, adverts, 0, measured)


def test_spark_and_duckdb_make_the_same_rows(spark: SparkSession, tmp_path: Path) -> None:
    """Two programs written apart agree in every value; a row that only one of them has is counted."""
    write_example_lake(tmp_path / "lake", adverts=3_000, seed=3)
    join_with_spark(spark, tmp_path / "lake", tmp_path / "spark")
    with duckdb.connect() as connection:
        join_with_duckdb(connection, tmp_path / "lake", tmp_path / "duckdb")
        assert compare(tmp_path / "spark", tmp_path / "duckdb") == (3_000, 0)
        (tmp_path / "less").mkdir()
        connection.execute(
            f"COPY (FROM '{tmp_path}/duckdb/*.parquet' LIMIT 2990) TO '{tmp_path}/less/part-0.parquet'"
        )
    assert compare(tmp_path / "spark", tmp_path / "less") == (3_000, 10)


def test_growth_is_the_slope_between_the_smallest_and_the_largest_size() -> None:
    """Ten times the adverts in ten times the time is 1, in a hundred times the time 2."""
    sizes = [size(100_000, spark=2.0, duckdb=1.0), size(1_000_000, spark=20.0, duckdb=100.0)]
    assert growth(sizes, "spark") == pytest.approx(1.0)
    assert growth(sizes, "duckdb") == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("small", "large", "says"),
    [
        pytest.param((9.0, 1.0), (20.0, 5.0), "about 51,", id="gains"),
        pytest.param((4.0, 1.0), (60.0, 10.0), "does not gain", id="falls behind"),
        pytest.param((4.0, 1.0), (30.0, 40.0), "Spark wins at the largest", id="is ahead"),
        pytest.param((4.0, 1.0), (39.9, 10.0), "too slowly", id="gains too slowly"),
    ],
)
def test_who_wins_from_which_size_is_said_as_measured(
    small: tuple[float, float], large: tuple[float, float], says: str
) -> None:
    """The point at which Spark would draw level is told as an extrapolation, where there is one."""
    sizes = [
        size(adverts, spark=spark, duckdb=other)
        for adverts, (spark, other) in ((100_000, small), (1_000_000, large))
    ]
    said = crossing(sizes, {engine: growth(sizes, engine) for engine in NAMES})
    assert says in said
    assert ("extrapolation" in said) == ("about" in says)
