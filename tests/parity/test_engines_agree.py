"""Spark, MLeap's JVM runtime and the Python scorer give one answer, on edges above all."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.jvm import JvmRuntime
from tests.parity.conftest import Export
from tests.parity.mleap_runtime import MleapRuntime
from tests.parity.pipelines import PIPELINES, RATIO_SPLITS, SCHEMA, training_frame

Row = dict[str, Any]
PLAIN: Row = {"make": "bmw", "fuel": "petrol", "ratio": 1.02, "age": 40.0, "share": 0.5, "same": 5.0}
# An error of a pipeline that knows every fuel, so no business of a test of agreement.
KNOWS_EVERY_FUEL = frozenset({"encoders"})
# NaN is refused by Python before isotonic regression (see the table of differences).
NO_NAN_AGE = frozenset({"survival", "gamma", "crossed", "isotonic"})


@pytest.fixture(scope="module")
def train(spark: SparkSession) -> DataFrame:
    """The frame that every pipeline is fitted to."""
    return training_frame(spark)


@pytest.fixture(scope="module", params=PIPELINES)
def fitted(
    request: pytest.FixtureRequest, train: DataFrame, export: Export
) -> tuple[str, PipelineModel, Path]:
    """One pipeline by name, as Spark has it and as a bundle."""
    model = PIPELINES[request.param](train)
    return request.param, model, export(model, train)


def test_three_engines_give_one_answer(
    fitted: tuple[str, PipelineModel, Path], spark: SparkSession, mleap: JvmRuntime
) -> None:
    """Every output column of every row is equal in Spark, in MLeap's runtime and in Python."""
    name, model, bundle = fitted
    rows = [PLAIN | change for change in changes(name, bundle)]
    known = [{key: _nan_for_null(key, value) for key, value in row.items()} for row in rows]
    expected = spark_answers(spark, model, known)
    python = load_bundle(bundle).transform(rows)
    jvm = MleapRuntime(mleap, bundle).transform(known)
    assert len(rows) == len(expected) == len(python) == len(jvm)
    for row, by_spark, by_python, by_jvm in zip(rows, expected, python, jvm, strict=True):
        assert by_python.keys() == by_spark.keys()
        for column in by_spark.keys() - row.keys():
            assert equal(by_python[column], by_spark[column]), (
                row,
                column,
                by_python[column],
                by_spark[column],
            )
            assert equal(by_jvm[column], by_spark[column]), (row, column, by_jvm[column], by_spark[column])


def changes(name: str, bundle: Path) -> Iterator[Row]:
    """What to change in a plain row: the edges of every kind of column."""
    for make in ("audi", "fiat", "kia", "Škoda", "日産", "", "never seen", "AUDI", " audi", None):
        yield {"make": make}
    for fuel in ("diesel", "electric", *(() if name in KNOWS_EVERY_FUEL else ("hydrogen", "", None))):
        yield {"fuel": fuel}
    for ratio in (None, math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e308, *_around(RATIO_SPLITS)):
        yield {"ratio": ratio}
    for age in (0.0, -0.0, -50.0, 1e4, -1e4, 120.0, *_around(_thresholds(bundle))):
        yield {"age": age}
    for share in (0.0, 1.0, -40.0, 40.0, 1e4, -1e4, 1e308, -1e308):
        yield {"share": share}
    if name not in NO_NAN_AGE:
        yield {"age": None}
        yield {"age": math.nan, "ratio": None, "make": None}


def _around(values: list[float]) -> Iterator[float]:
    """Each value, and the doubles next to it."""
    for value in values:
        yield from (math.nextafter(value, -math.inf), value, math.nextafter(value, math.inf))


def _thresholds(bundle: Path) -> list[float]:
    """The first thresholds on age of each tree, and the first boundaries of isotonic regressions."""
    found: list[float] = []
    with zipfile.ZipFile(bundle) as archive:
        for name in archive.namelist():
            if name.endswith("tree.json"):
                splits = [json.loads(line).get("split") for line in archive.read(name).splitlines()]
                found += [each["threshold"] for each in splits if each and each["featureIndex"] == 3][:4]
            elif name.endswith("model.json"):
                attributes = json.loads(archive.read(name))["attributes"]
                found += attributes.get("boundaries", {"double": []})["double"][:6]
    return sorted(set(found))


def _nan_for_null(column: str, value: Any) -> Any:
    return math.nan if value is None and column in ("ratio", "age") else value


def spark_answers(spark: SparkSession, model: PipelineModel, rows: list[Row]) -> list[Row]:
    """Score rows with the fitted pipeline itself; vectors become lists."""
    columns = list(rows[0])
    kinds = dict(each.split() for each in SCHEMA.split(", "))
    schema = ", ".join(f"{column} {kinds[column]}" for column in columns)
    frame = spark.createDataFrame([tuple(row[column] for column in columns) for row in rows], schema)
    return [
        {
            key: value.toArray().tolist() if hasattr(value, "toArray") else value
            for key, value in answer.items()
        }
        for answer in (each.asDict() for each in model.transform(frame.coalesce(1)).collect())
    ]


def equal(found: Any, expected: Any) -> bool:
    """Whether two values are the same text, or numbers that differ by less than 1e-9 of their size."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(equal, found, expected))
    if not isinstance(expected, float):
        return found == expected
    if math.isnan(expected) or math.isinf(expected):
        return math.isnan(found) if math.isnan(expected) else found == expected
    return abs(found - expected) <= 1e-9 * max(1.0, abs(expected))


def test_the_comparison_can_fail() -> None:
    """The comparison of this module tells numbers apart that differ by more than it allows."""
    assert equal([1.0, math.nan], [1.0 + 1e-10, math.nan])
    assert not equal([1.0, 2.0], [1.0, 2.0 + 1e-8])
    assert not equal(math.nan, 1.0)
    assert not equal(1.0, math.nan)
    assert not equal([1.0], [1.0, 1.0])


def test_the_rows_reach_both_sides_of_the_trees(
    fitted: tuple[str, PipelineModel, Path],
) -> None:
    """A pipeline with trees has thresholds to test around, and categorical splits among them."""
    name, _, bundle = fitted
    with zipfile.ZipFile(bundle) as archive:
        trees = [archive.read(each).decode() for each in archive.namelist() if each.endswith("tree.json")]
    if name not in ("boosted", "forest", "trees", "tree_classes"):
        assert not trees
        return
    assert len(_thresholds(bundle)) > 5
    assert any('"categorical"' in tree for tree in trees)
