"""Rows changed on purpose: curves and losses of a model that is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.feature import SQLTransformer
from pyspark.sql import SparkSession

from days_to_sell.spec import Crossed
from days_to_sell.training.evaluation import Outcomes, Pairs
from days_to_sell.training.pictures.ties import explained, tied
from days_to_sell.training.pictures.varied import SAMPLE, SHUFFLES, spark_score, vary
from tests.unit.training.pictures.planted import SPEC, fold


def _by_ratio(rows: pd.DataFrame) -> np.ndarray:
    return 100 * rows["ratio"].to_numpy() - 60


def test_the_curve_of_a_linear_model_is_its_line() -> None:
    """Each point is the mean answer with one value in all rows, and a feature that is not read stays flat."""
    curves = vary(SPEC, _by_ratio, fold()).curves
    ratio = curves[curves["feature"] == "ratio"]
    assert ratio["days"].to_numpy() == pytest.approx(100 * ratio["value"].to_numpy() - 60)
    assert ratio["value"].is_monotonic_increasing
    low, high = fold()["ratio"].quantile([0.02, 0.98])
    assert (ratio["value"].min(), ratio["value"].max()) == pytest.approx((low, high))
    assert curves.loc[curves["feature"] == "mileage", "days"].std() == pytest.approx(0)


def test_shuffling_costs_what_a_feature_is_worth() -> None:
    """What orders all pairs costs all above chance; what is not read costs nothing."""
    importance = vary(SPEC, _by_ratio, fold(800)).importance
    assert importance["feature"].value_counts().unique().tolist() == [SHUFFLES]
    mean = importance.groupby("feature")["concordance_loss"].mean()
    assert mean["ratio"] == pytest.approx(0.5, abs=0.05)
    assert mean[["mileage", "make", "model", "make+model"]].tolist() == [0, 0, 0, 0]


def test_the_loss_is_that_of_the_concordance_under_censoring() -> None:
    """With censored rows it is still the concordance of the evaluation that falls."""
    rows = fold().assign(observed=[1.0, 1.0, 0.0, 1.0] * 50)
    outcomes = Outcomes.of(rows, SPEC.horizon)
    wrong = vary(SPEC, lambda asked: -_by_ratio(asked), rows).importance
    assert Pairs.of(outcomes, -_by_ratio(rows)).uno(outcomes.ones) == 0
    assert wrong.loc[wrong["feature"] == "ratio", "concordance_loss"].mean() == pytest.approx(-0.5, abs=0.08)


def test_crossed_features_are_shuffled_together() -> None:
    """Parts of a crossed feature are one group, beside each alone."""
    crossed = replace(SPEC, crossed=(Crossed("model_mileage", ("model", "mileage")),))
    features = set(vary(crossed, _by_ratio, fold()).importance["feature"])
    assert features == {"ratio", "mileage", "make", "model", "mileage+model", "make+model"}


def test_no_more_than_a_sample_is_asked() -> None:
    """However large the fold, and whatever its order, the cost stays the same."""
    asked: list[int] = []

    def count(rows: pd.DataFrame) -> np.ndarray:
        asked.append(len(rows))
        return _by_ratio(rows)

    varied = vary(SPEC, count, fold(SAMPLE + 500))
    assert len(varied.rows) == SAMPLE
    assert len(asked) == 1
    assert asked[0] < 60_000


def test_a_text_that_another_tells_is_tied_to_it() -> None:
    """A model tells its make; colours tell neither, and an id that tells everything tells nothing."""
    random = np.random.default_rng(1)
    rows = fold(600)[["make", "model"]].assign(
        colour=random.choice(["red", "blue"], 600), id=[f"i{number}" for number in range(600)]
    )
    assert tied(rows) == [("make", "model")]
    assert explained(rows["make"], rows["model"]) == pytest.approx(1)
    assert explained(rows["model"], rows["make"]) < 0.9
    assert explained(rows["make"], rows["id"]) == pytest.approx(0, abs=1e-6)
    assert explained(pd.Series(["only"] * 5), pd.Series(["a", "b"] * 2 + ["a"])) == 0


def test_spark_answers_in_the_order_of_the_rows(spark: SparkSession) -> None:
    """Numbers, texts and what is missing arrive as they were sent."""
    model = PipelineModel(
        stages=[
            SQLTransformer(
                statement="SELECT *, 100 * ratio - 60 + INT(make = 'A') + 1000 * INT(isnan(mileage)) AS days "
                "FROM __THIS__"
            )
        ]
    )
    rows = fold(50)
    days = spark_score(model, SPEC, spark)(rows)
    extra = np.where(rows["make"] == "A", 1, 0) + np.where(rows["mileage"].isna(), 1000, 0)
    assert days == pytest.approx(_by_ratio(rows) + extra)
