"""Fitted candidates: days that mean days, whatever the estimator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import StringIndexerModel
from pyspark.ml.regression import GBTRegressionModel
from pyspark.sql import SparkSession

from days_to_sell.errors import TrainingError
from days_to_sell.registry.exportable import check_exportable
from days_to_sell.spec import Category, ModelSpec
from days_to_sell.training.evaluation import predict
from days_to_sell.training.fitting.fit import SHORTEST, encode, fit_candidate, told_apart
from days_to_sell.training.fitting.pipeline import (
    REST,
    build_estimator,
    build_pipeline,
    index_stages,
    reads_one_hot,
)
from days_to_sell.training.preparing.derive import derive
from days_to_sell.training.preparing.prepare import Prepared, prepare
from tests.unit.training.markets import CROSSED, SPEC, frame_of, market, market_rows

CANDIDATES = {candidate.estimator: candidate for candidate in SPEC.candidates}
Models = dict[str, PipelineModel]


@pytest.fixture(scope="module")
def prepared(spark: SparkSession) -> Prepared:
    """Folds of a small market."""
    return prepare(SPEC, market(spark, 3_000), {})


@pytest.fixture(scope="module")
def models(prepared: Prepared) -> Models:
    """Every candidate, fitted."""
    encodings = encode(SPEC, SPEC.candidates, prepared.fit, prepared.calibrate)
    return {
        name: fit_candidate(SPEC, candidate, encodings[reads_one_hot(candidate)])
        for name, candidate in CANDIDATES.items()
    }


@pytest.mark.parametrize("estimator", CANDIDATES)
def test_the_mean_of_days_is_that_of_the_calibration_fold(
    prepared: Prepared, models: Models, estimator: str
) -> None:
    """Weighted for censoring, predictions and outcomes of the fold have the same mean, within 3 %."""
    rows = predict(models[estimator], prepared.calibrate, SPEC)
    predicted, actual = (np.average(rows[column], weights=rows["weight"]) for column in ("days", "target"))
    assert predicted == pytest.approx(actual, rel=0.03)
    assert np.ptp(rows["days"]) > 5


@pytest.mark.parametrize("estimator", CANDIDATES)
def test_a_candidate_learns_what_the_market_hides_nowhere(
    prepared: Prepared, models: Models, estimator: str
) -> None:
    """On sellers and days not seen, concordance and error beat the constant that knows nothing."""
    rows = predict(models[estimator], prepared.test, SPEC)
    assert prepared.exam.concordance_of(rows["days"].to_numpy()).low > 0.56
    error = np.average(np.abs(rows["days"] - rows["target"]), weights=rows["weight"])
    assert error < prepared.baseline.metrics["mae_days"].value


@pytest.mark.parametrize("estimator", CANDIDATES)
def test_days_stay_between_the_shortest_and_the_horizon(
    spark: SparkSession, models: Models, estimator: str
) -> None:
    """However far a row lies from all that was seen, days are bounded and the rest is left as it was."""
    ratios = [0.0, 0.5, 1.0, 1.3, 5.0, 50.0, -50.0]
    extreme = spark.createDataFrame(
        [
            (ratio, make, mileage)
            for ratio in ratios
            for make in ("A", "I")
            for mileage in (0.0, float("nan"))
        ],
        "price_ratio double, make string, mileage double",
    )
    found = models[estimator].transform(extreme).select("days", "days_unbounded").toPandas()
    assert found["days"].between(SHORTEST, SPEC.horizon).all()
    bounded = found["days_unbounded"].clip(SHORTEST, SPEC.horizon)
    assert found["days"].to_numpy() == pytest.approx(bounded.to_numpy(), rel=1e-12)


def test_a_prediction_beyond_the_horizon_becomes_the_horizon(spark: SparkSession, models: Models) -> None:
    """A log-linear model goes far beyond both ends; its days do not."""
    rows = [(-50.0, "A", 0.0), (50.0, "A", 0.0)]
    found = models["AFTSurvivalRegression"].transform(
        spark.createDataFrame(rows, "price_ratio double, make string, mileage double")
    )
    days = found.select("days", "days_unbounded").toPandas()
    assert days["days_unbounded"].max() > 100 * SPEC.horizon
    assert days["days"].max() == SPEC.horizon


@pytest.mark.parametrize("estimator", CANDIDATES)
def test_a_fitted_candidate_has_the_stages_that_were_checked_before_fitting(
    models: Models, estimator: str
) -> None:
    """What is fitted begins with the very stages of the pipeline that the exporter's check has seen."""
    _assert_checked(models[estimator], SPEC, estimator)


def test_crossed_features_have_the_stages_that_were_checked_too(prepared: Prepared) -> None:
    """A slice of an interaction of one-hot vectors is what the check has seen, and the exporter carries."""
    estimator = "AFTSurvivalRegression"
    encoded = encode(CROSSED, [CANDIDATES[estimator]], prepared.fit, prepared.calibrate)[True]
    model = fit_candidate(CROSSED, CANDIDATES[estimator], encoded)
    assert {"Interaction", "VectorSlicer"} <= {type(stage).__name__ for stage in model.stages}
    _assert_checked(model, CROSSED, estimator)


def _assert_checked(model: PipelineModel, spec: ModelSpec, estimator: str) -> None:
    check_exportable(model)
    declared = build_pipeline(spec, CANDIDATES[estimator]).getStages()
    kinds = [type(stage).__name__.removesuffix("Model") for stage in model.stages]
    names = [type(stage).__name__ for stage in declared]
    assert kinds[: len(names) - 1] == names[:-1]
    assert kinds[len(names) :] == ["VectorAssembler", "LinearRegression", "IsotonicRegression"]


@pytest.mark.parametrize("spec", [SPEC, CROSSED], ids=["plain", "crossed"])
def test_least_squares_converge_and_so_repeat_themselves(prepared: Prepared, spec: ModelSpec) -> None:
    """Fitted again, the linear model has the same coefficients: no singular design, no fallback solver."""
    candidate = CANDIDATES["GeneralizedLinearRegression"]
    encoded = encode(spec, [candidate], prepared.fit, prepared.calibrate)[True]
    first, second = (build_estimator(spec, candidate).fit(encoded.fit) for _ in range(2))
    assert first.summary.numIterations < first.getMaxIter()
    assert second.coefficients.toArray() == pytest.approx(first.coefficients.toArray(), rel=1e-9, abs=1e-11)


def test_trees_are_those_asked_for(models: Models) -> None:
    """The candidate's parameters reach the estimator."""
    (trees,) = (stage for stage in models["GBTRegressor"].stages if isinstance(stage, GBTRegressionModel))
    assert (trees.getNumTrees, trees.getMaxDepth()) == (6, 3)


def test_folds_are_fitted_in_one_order_whatever_the_files(spark: SparkSession, prepared: Prepared) -> None:
    """Another order of rows and other partitions give the same rows in the same partitions."""
    shuffled = market_rows(3_000).sample(frac=1, random_state=2)
    again = prepare(SPEC, frame_of(spark, shuffled).repartition(7), {})
    layouts = [
        each.fit.selectExpr("spark_partition_id() AS part", "row_id", "weight").toPandas()
        for each in (prepared, again)
    ]
    pd.testing.assert_frame_equal(*layouts)
    assert layouts[0]["part"].nunique() == SPEC.partitions


def test_kept_folds_forget_how_they_were_made(prepared: Prepared) -> None:
    """The plan of a fold reads rows that are there: no file, join or shuffle stands in it."""
    plan = prepared.fit._jdf.queryExecution().executedPlan().toString()
    assert "Scan ExistingRDD" in plan
    assert len(plan.splitlines()) == 1, plan


def test_ranks_fitted_together_are_those_of_each_column_alone(prepared: Prepared) -> None:
    """One pass over all categories gives the labels, in the order, that a pass for each gives."""
    spec = replace(SPEC, features=(*SPEC.features, Category("seller", top=5)), crossed=())
    alone = Pipeline(stages=index_stages(spec)).fit(prepared.fit)
    encoded = encode(spec, [CANDIDATES["GBTRegressor"]], prepared.fit, prepared.calibrate)[False]
    pairs = [
        (one, other)
        for one, other in zip(alone.stages, encoded.stages, strict=False)
        if isinstance(one, StringIndexerModel)
    ]
    assert len(pairs) == 2
    for one, other in pairs:
        assert isinstance(other, StringIndexerModel)
        assert (other.getInputCol(), other.getOutputCol()) == (one.getInputCol(), one.getOutputCol())
        assert (other.getHandleInvalid(), other.labels) == ("keep", one.labels)


def test_training_rows_without_a_number_that_is_needed_are_refused(spark: SparkSession) -> None:
    """A ratio by zero has no value: the error counts such rows and names the feature and the ways out."""
    rows = market_rows(200)
    rows.loc[[3, 17], "valuation"] = 0.0
    with pytest.raises(TrainingError, match=r"2 training rows have no finite price_ratio; .*Bucketed"):
        prepare(SPEC, frame_of(spark, rows), {})


def test_a_missing_bucketed_number_is_no_obstacle(spark: SparkSession) -> None:
    """Null mileage becomes NaN, for which there is a bucket."""
    frame = derive(market(spark, 200), SPEC, {})
    assert frame.where("isnan(mileage)").count() > 0
    assert frame.where("mileage IS NULL").count() == 0


def test_a_value_that_is_never_seen_to_sell_bends_no_candidate(spark: SparkSession) -> None:
    """A make of a few unsold cars shares the bucket of the rest; on its own its days would have no bound."""
    rows = market_rows(1_500)
    unsold = rows.index < 12
    rows.loc[unsold, ["make", "observed"]] = ["Z", 0.0]
    spec = replace(SPEC, features=(*SPEC.features[:-1], Category("make", top=300)))
    prepared = prepare(spec, frame_of(spark, rows), {})
    candidate = CANDIDATES["AFTSurvivalRegression"]
    encoded = encode(spec, [candidate], prepared.fit, prepared.calibrate)[True]
    fitted = build_estimator(spec, candidate).fit(encoded.fit)
    assert np.abs(fitted.coefficients.toArray()).max() < 5


@pytest.mark.parametrize(
    ("sales", "top", "expected"),
    [
        pytest.param([90, 50, 7], 9, {0, 1, 2}, id="all"),
        pytest.param([90, 50, 7], 2, {0, 1, REST}, id="top"),
        pytest.param([90, 50, 3, 9], 9, {0, 1, REST}, id="seldom sold"),
        pytest.param([90, 50, 7, 0], 9, {0, 1, REST}, id="rest never sold"),
        pytest.param([90, 3], 9, {REST}, id="nothing left beside the rest"),
        pytest.param([90], 9, {0}, id="one value"),
    ],
)
def test_every_bucket_was_seen_to_sell(sales: list[float], top: int, expected: set[float]) -> None:
    """Seldom sold ranks go to the rest, and with them the rarest others until the rest sells too."""
    assert told_apart(dict(enumerate(map(float, sales))), top) == {float(rank) for rank in expected}
