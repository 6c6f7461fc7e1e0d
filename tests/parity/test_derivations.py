"""Derivations on Spark frames and on Python rows: one declaration, one answer."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from days_to_sell.scoring.agreement import TOLERANCE
from days_to_sell.scoring.derive import Derivations
from days_to_sell.spec import (
    Bucketed,
    Candidate,
    Category,
    Column,
    Difference,
    Log,
    Lookup,
    ModelSpec,
    MonthsBetween,
    Ratio,
    Source,
    SourceColumn,
)
from days_to_sell.training.preparing.derive import derive

PLACES = {"AB1": "Scotland", "ZE1": "Shetland", "": "nowhere", "東": "east"}
SPEC = ModelSpec(
    name="derivations",
    title="Derivations",
    description="Every derivation once",
    sources=(Source("places", ("key",), (SourceColumn("key", "string"), SourceColumn("place", "string"))),),
    inputs=(
        Column("a", "double", nullable=True),
        Column("b", "double", nullable=True),
        Column("start", "date", nullable=True),
        Column("end", "date", nullable=True),
        Column("key", "string", nullable=True),
    ),
    features=(
        Bucketed("ratio", (0, 1), Ratio("a", "b")),
        Bucketed("difference", (0, 1), Difference("a", "b")),
        Bucketed("log", (0, 1), Log("a")),
        Bucketed("months", (0, 1), MonthsBetween("start", "end")),
        Category("place", derive=Lookup("key", "places", "place")),
    ),
    candidates=(Candidate.of("AFTSurvivalRegression"),),
)
NUMBERS = ("ratio", "difference", "log", "months")
RAW = tuple(column.name for column in SPEC.columns)
SCHEMA = "position int, a double, b double, start date, end date, key string"

numbers = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 5e-324, 1.7e308]),
    st.floats(-1e6, 1e6),
    st.floats(),
)
dates = st.one_of(
    st.none(),
    st.sampled_from([date(2024, 2, 29), date(2023, 12, 31), date(2024, 1, 1)]),
    st.dates(date(1900, 1, 1), date(2200, 1, 1)),
)
keys = st.one_of(st.none(), st.sampled_from([*PLACES, "ab1", " AB1", "unseen"]), st.text(max_size=3))
rows = st.lists(st.tuples(numbers, numbers, dates, dates, keys), min_size=60, max_size=120)


def _same(spark_number: float, python_number: float) -> bool:
    if math.isnan(spark_number) or math.isnan(python_number) or math.isinf(python_number):
        return spark_number == python_number or (math.isnan(spark_number) and math.isnan(python_number))
    return abs(spark_number - python_number) <= TOLERANCE * max(1.0, abs(python_number))


def _both(spark: SparkSession, batch: list[tuple[Any, ...]]) -> list[tuple[Any, dict[str, Any]]]:
    """Derive a batch on Spark, in one job, and in Python."""
    frame = spark.createDataFrame([(i, *row) for i, row in enumerate(batch)], SCHEMA)
    on_spark = derive(frame, SPEC, {"place": PLACES}).orderBy("position").collect()
    in_python = Derivations(SPEC.derivations, {"place": PLACES}).compile()
    return [
        (answer, in_python(dict(zip(RAW, row, strict=True))))
        for answer, row in zip(on_spark, batch, strict=True)
    ]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(batch=rows)
def test_spark_and_python_derive_the_same(spark: SparkSession, batch: list[tuple[Any, ...]]) -> None:
    """Whatever the operands, both engines agree by contract; NaN equals NaN, a missing text is null."""
    for on_spark, in_python in _both(spark, batch):
        for name in NUMBERS:
            assert _same(on_spark[name], in_python[name]), (name, on_spark, in_python)
        assert on_spark["place"] == in_python["place"]


def test_missing_and_meaningless_operands_are_missing_in_both(spark: SparkSession) -> None:
    """Null, NaN, a zero denominator and the logarithm of what is not above zero all give NaN."""
    day = date(2024, 2, 29)
    batch = [
        (None, 2.0, None, day, None),
        (1.0, 0.0, day, None, "unseen"),
        (0.0, -0.0, day, day, "AB1"),
        (math.nan, math.nan, day, day, ""),
        (-1.0, math.nan, day, day, "ab1"),
    ]
    found = [
        tuple(answer[name] for name in (*NUMBERS[:3], "place"))
        for pair in _both(spark, batch)
        for answer in pair
    ]
    nan = "NaN"
    shown = [tuple(nan if isinstance(v, float) and math.isnan(v) else v for v in row) for row in found]
    expected = [
        (nan, nan, nan, None),
        (nan, 1.0, 0.0, None),
        (nan, 0.0, nan, "Scotland"),
        (nan, nan, nan, "nowhere"),
        (nan, nan, nan, None),
    ]
    assert shown == [row for row in expected for _ in ("spark", "python")]
