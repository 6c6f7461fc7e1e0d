"""Weights for what censoring hides, and the horizon that the follow-up supports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from days_to_sell.errors import HorizonError, TrainingError
from days_to_sell.training.preparing.censoring import censoring_weights, restricted, with_weights
from tests.unit.training.markets import SPEC

SOLD, LOST = 1.0, 0.0
SCHEMA = "row_id string, duration double, observed double"


def _counts(rows: list[tuple[float, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["duration", "observed"])
    return table.groupby(["duration", "observed"]).size().rename("rows").reset_index()


def _weights(rows: list[tuple[float, float]], horizon: int) -> list[float]:
    """Weight of each row, zero where its restricted duration is not known."""
    targets = np.array([min(duration, horizon) for duration, _ in rows])
    known = np.array([observed == SOLD or duration >= horizon for duration, observed in rows])
    return list(np.where(known, censoring_weights(_counts(rows), targets, horizon), 0.0))


@pytest.mark.parametrize(
    ("rows", "horizon", "expected"),
    [
        pytest.param([(10, SOLD), (20, SOLD), (30, SOLD)], 90, [1, 1, 1], id="nothing lost"),
        pytest.param([(10, SOLD), (20, LOST), (30, SOLD), (40, SOLD)], 90, [1, 0, 1.5, 1.5], id="one lost"),
        pytest.param(
            [(10, LOST), (20, SOLD), (30, LOST), (40, SOLD)], 90, [0, 4 / 3, 0, 8 / 3], id="two lost"
        ),
        pytest.param(
            [(10, SOLD), (20, SOLD), (20, LOST), (30, SOLD)], 90, [1, 1, 0, 2], id="lost on a day of sale"
        ),
        pytest.param([(10, LOST), (40, LOST), (50, SOLD)], 40, [0, 1.5, 1.5], id="lost at the horizon"),
        pytest.param([(10, SOLD), (95, LOST), (99, SOLD)], 90, [1, 1, 1], id="lost behind the horizon"),
    ],
)
def test_weights_are_those_worked_out_by_hand(
    rows: list[tuple[float, float]], horizon: int, expected: list[float]
) -> None:
    """A row that is lost hands its weight on, in equal parts, to those still followed."""
    assert _weights(rows, horizon) == pytest.approx(expected)
    assert sum(_weights(rows, horizon)) == pytest.approx(len(rows))


def test_weights_recover_the_mean_that_censoring_hides() -> None:
    """The weighted mean of restricted days is that of the full truth; without weights it is far off."""
    random = np.random.default_rng(11)
    count, horizon = 20_000, 90
    truth = np.ceil(random.exponential(40.0, count))
    followed = random.integers(1, 200, count)
    duration, observed = np.minimum(truth, followed).astype(float), (truth <= followed).astype(float)
    counts = _counts(list(zip(duration, observed, strict=True)))
    target = np.minimum(duration, horizon)
    known = (observed == SOLD) | (duration >= horizon)
    weight = np.where(known, censoring_weights(counts, target, horizon), 0.0)
    recovered = np.average(target, weights=weight)
    wanted = np.minimum(truth, horizon).mean()
    error = np.sqrt(np.sum(weight**2 * (target - recovered) ** 2)) / weight.sum()
    assert abs(recovered - wanted) < 3 * error
    assert abs(target[known].mean() - wanted) > 10 * error


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from([SOLD, LOST])), min_size=1, max_size=60))
def test_no_weight_exceeds_one_over_the_share_at_risk(rows: list[tuple[float, float]]) -> None:
    """However much is censored, weights stay bounded by the support of the horizon, and need no cap."""
    horizon = 40
    at_risk = sum(duration >= horizon for duration, _ in rows) / len(rows)
    assume(at_risk > 0)
    weights = _weights(rows, horizon)
    assert max(weights) <= 1 / at_risk + 1e-9
    assert min(weights) >= 0
    assert sum(weights) == pytest.approx(len(rows))


def test_restriction_knows_what_reached_the_horizon() -> None:
    """A row followed to the horizon has a known restricted duration, sold or not."""
    table = restricted(_counts([(10, LOST), (10, SOLD), (90, LOST), (120, SOLD)]), 90)
    assert table["target"].tolist() == [10, 10, 90, 90]
    assert table["known"].tolist() == [False, True, True, True]


def test_a_frame_gets_target_and_weight_row_by_row(spark: SparkSession) -> None:
    """Every row keeps its place and gets its own target and weight; an unknown target weighs nothing."""
    rows = [("a", 10.0, SOLD), ("b", 20.0, LOST), ("c", 30.0, SOLD), ("d", 95.0, LOST)]
    frame = with_weights(spark.createDataFrame(rows, SCHEMA), SPEC, "fit")
    found = {row["row_id"]: (row["target"], row["weight"]) for row in frame.collect()}
    assert found == {
        "a": (10.0, 1.0),
        "b": (20.0, 0.0),
        "c": (30.0, pytest.approx(1.5)),
        "d": (90.0, pytest.approx(1.5)),
    }


def test_a_horizon_beyond_the_follow_up_is_refused_with_one_that_is_not(spark: SparkSession) -> None:
    """The error names the fold, the share to be followed, and the longest horizon that is supported."""
    rows = [(f"r{day}", float(day), SOLD) for day in range(1, 101)]
    frame = spark.createDataFrame(rows, SCHEMA)
    spec = replace(SPEC, horizon=97, at_risk=0.05)
    with pytest.raises(HorizonError, match=r"the calibrate fold follows only 5% of its rows to day 96, .*97"):
        with_weights(frame, spec, "calibrate")
    with pytest.raises(HorizonError, match="set horizon=96 in the spec"):
        with_weights(frame, spec, "calibrate")
    assert with_weights(frame, replace(spec, horizon=96), "calibrate").count() == 100


def test_an_empty_fold_is_refused_by_name(spark: SparkSession) -> None:
    """Nothing is fitted on nothing: the error says which fold has no rows."""
    with pytest.raises(TrainingError, match="the test fold has no rows"):
        with_weights(spark.createDataFrame([], SCHEMA), SPEC, "test")
