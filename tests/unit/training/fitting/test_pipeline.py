"""The pipeline from derived columns to vectors: bounded categories, a bucket for what is missing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.feature import Bucketizer, StringIndexer, VectorAssembler
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.models import find_model, model_names
from days_to_sell.spec import Candidate, Category, Number
from days_to_sell.training.fitting.fit import encode
from days_to_sell.training.fitting.pipeline import build_pipeline, reads_one_hot
from days_to_sell.training.preparing.derive import derive
from tests.unit.training.markets import MAKES, RARE, SPEC, TOP, market

OTHERS = float(TOP)
MISSING = 4.0


@pytest.fixture(scope="module")
def encoder(spark: SparkSession) -> PipelineModel:
    """What stands before a tree, fitted."""
    frame = derive(market(spark, 800), SPEC, {}).selectExpr("*", "duration AS target", "1.0 AS weight")
    trees = [candidate for candidate in SPEC.candidates if candidate.estimator == "GBTRegressor"]
    return PipelineModel(stages=list(encode(SPEC, trees, frame, frame)[False].stages))


def _buckets(spark: SparkSession, encoder: PipelineModel, column: str, values: list[Any]) -> list[float]:
    """The bucket of each value of a column, the others being usual."""
    usual: dict[str, Any] = {"make": "A", "mileage": 20_000.0}
    rows = [(i, 1.0, *(usual | {column: value}).values()) for i, value in enumerate(values)]
    frame: DataFrame = spark.createDataFrame(rows, "i int, price_ratio double, make string, mileage double")
    encoded = encoder.transform(frame).orderBy("i").select(f"{column}__bucket").collect()
    return [row[0] for row in encoded]


def test_trees_see_the_most_frequent_categories_and_one_bucket_for_the_rest(
    spark: SparkSession, encoder: PipelineModel
) -> None:
    """The top K by frequency have a bucket each; every rarer one shares the last, so there are K + 1."""
    buckets = dict(zip(MAKES, _buckets(spark, encoder, "make", list(MAKES)), strict=True))
    assert [buckets[make] for make in MAKES[:TOP]] == [0.0, 1.0, 2.0, 3.0]
    assert {buckets[make] for make in MAKES[TOP:]} == {OTHERS}


def test_an_unseen_an_empty_and_a_missing_category_equal_the_rare_ones(
    spark: SparkSession, encoder: PipelineModel
) -> None:
    """Whatever is not among the top K is treated alike, known or not."""
    assert set(_buckets(spark, encoder, "make", [RARE[0], "unseen", "", "a", None])) == {OTHERS}


def test_a_missing_number_has_a_bucket_of_its_own(spark: SparkSession, encoder: PipelineModel) -> None:
    """Boundaries belong to the bucket above, the ends are open, and NaN is in no other bucket."""
    below = math.nextafter(10_000.0, 0.0)
    values = [-1.0, below, 10_000.0, 40_000.0, 80_000.0, 1e9, math.nan]
    assert _buckets(spark, encoder, "mileage", values) == [0.0, 0.0, 1.0, 2.0, 3.0, 3.0, MISSING]


def test_no_one_hot_column_is_constant(spark: SparkSession) -> None:
    """Empty cuts join the one below, ranks stop at the last category, and what never varies is left out.

    Least squares on a column that never varies is singular.
    """
    rows = [(1.0, 50_000.0 if i % 3 else 90_000.0, "AB"[i % 2], "one") for i in range(12)]
    frame = spark.createDataFrame(rows, "price_ratio double, mileage double, make string, colour string")
    spec = replace(SPEC, features=(*SPEC.features[1:], Category("colour")))
    linear = [candidate for candidate in SPEC.candidates if reads_one_hot(candidate)]
    outcome = frame.selectExpr("*", "'r' AS row_id", "1.0 AS duration", "1.0 AS observed")
    ready = outcome.selectExpr("*", "1.0 AS target", "1.0 AS weight")
    vectors = encode(spec, linear, ready, ready)[True].fit.select("features").collect()
    table = np.array([row["features"].toArray() for row in vectors])
    assert table.shape == (12, 4)
    assert (table.std(axis=0) > 0).all()


@pytest.mark.parametrize("folder", model_names())
def test_trees_read_bounded_buckets_and_plain_numbers_only(spark: SparkSession, folder: str) -> None:
    """No model lets an unbounded category into a tree: no rank, no text, no raw derivative."""
    spec = find_model(folder).spec
    stages = build_pipeline(spec, Candidate.of("GBTRegressor")).getStages()
    (assembler,) = (stage for stage in stages if isinstance(stage, VectorAssembler))
    numbers = {feature.name for feature in spec.features if isinstance(feature, Number)}
    buckets = set(assembler.getInputCols()) - numbers
    cut = {stage.getOutputCol(): stage.getSplits() for stage in stages if isinstance(stage, Bucketizer)}
    assert buckets == {name for name in cut if name.endswith("__bucket")}
    bounds = {f"{category.name}__bucket": category.top + 1 for category in spec.categories}
    assert {name: len(cut[name]) - 1 for name in bounds} == bounds
    indexed = {stage.getInputCol() for stage in stages if isinstance(stage, StringIndexer)}
    assert indexed == {category.name for category in spec.categories}
    assert not {name for name in indexed if "derivative" in name}
