"""The exam: candidates, baselines and the truth on one fold, and what is told of them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from days_to_sell.errors import TrainingError
from days_to_sell.spec import Judgement, Slice
from days_to_sell.training.evaluation import (
    Exam,
    evaluate_baselines,
    ratio_to_best,
    slices_table,
    to_json,
    to_table,
)
from days_to_sell.training.evaluation.baselines import COX, LEAST_IN_SEGMENT, OVERALL, SEGMENT
from days_to_sell.training.evaluation.cox import Design, fit_cox
from days_to_sell.training.evaluation.curves import GroupCurves
from tests.unit.training.markets import SPEC as MARKET
from tests.unit.training.markets import market_rows

SPEC = replace(MARKET, judgement=Judgement(slices=(Slice("make", top=3),), segment=("make",)))
METRICS = {
    "c_index",
    "c_index_ipcw",
    "integrated_brier",
    "mae_days",
    "bias_days",
    "coverage_80",
    "calibration_slope",
    "calibration_error_days",
}


def _rows(count: int, seed: int) -> pd.DataFrame:
    rows = market_rows(count, seed)
    return rows.assign(price_ratio=rows["price"] / rows["valuation"])


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    """A fit fold."""
    return _rows(2_500, 1)


@pytest.fixture(scope="module")
def exam() -> Exam:
    """A test fold of other rows."""
    return Exam.of(SPEC, _rows(2_000, 2), replicates=40)


def _expected(rows: pd.DataFrame) -> np.ndarray:
    """What the market draws its days from, but for the horizon."""
    makes = rows["make"].map(lambda make: min(12 * 1.6 ** "ABCDEFGHI".index(make), 80))
    return makes.to_numpy() * np.exp(rows["price_ratio"].to_numpy() - 1)


def test_baselines_stand_in_the_order_of_what_they_know(exam: Exam, train: pd.DataFrame) -> None:
    """Nothing, the segment, all features: each is surely better than the one before."""
    found = {each.name: each for each in evaluate_baselines(exam, train)}
    assert list(found) == [OVERALL, SEGMENT, COX]
    assert found[OVERALL].metrics["c_index"].value == 0.5
    for better, worse in ((SEGMENT, OVERALL), (COX, SEGMENT)):
        metrics, others = found[better].metrics, found[worse].metrics
        assert metrics["c_index_ipcw"].less(others["c_index_ipcw"]).low > 0
        assert metrics["integrated_brier"].less(others["integrated_brier"]).high < 0


def test_baselines_mean_days_within_the_horizon(exam: Exam, train: pd.DataFrame) -> None:
    """Each is calibrated on rows of the same market: bias below a day or two, coverage near 80 %."""
    for found in evaluate_baselines(exam, train):
        assert abs(found.metrics["bias_days"].value) < 2
        assert found.metrics["coverage_80"].value == pytest.approx(0.8, abs=0.04)


def test_segments_with_few_rows_take_the_overall_curve(train: pd.DataFrame) -> None:
    """The rare makes are predicted what all are predicted, and the note says how many segments there are."""
    frequent = (train["make"].value_counts() >= LEAST_IN_SEGMENT).sum()
    small = train.groupby("make").head(LEAST_IN_SEGMENT - 1)
    exam = Exam.of(SPEC, _rows(500, 3), replicates=2)
    by_make, of_few = (evaluate_baselines(exam, rows)[1] for rows in (train, small))
    assert f"{frequent} segments" in by_make.note
    assert "0 segments" in of_few.note
    assert of_few.metrics["c_index"].value == 0.5


def test_cox_is_that_of_lifelines(train: pd.DataFrame) -> None:
    """Its days are the area under the survival curves that lifelines itself predicts."""
    design = Design.of(SPEC, train)
    matrix = design.matrix(train).assign(duration=train["duration"], observed=train["observed"])
    fitter = CoxPHFitter(penalizer=0.01).fit(matrix, "duration", "observed")
    rows = _rows(5, 4)
    times = np.arange(1.0, SPEC.horizon)
    assert set(times) <= set(train["duration"])
    curves = fitter.predict_survival_function(design.matrix(rows), times=times).to_numpy()
    survival = fit_cox(SPEC, train).survival(rows)
    assert survival.at(np.broadcast_to(times, (5, len(times)))) == pytest.approx(curves.T, rel=1e-6)
    assert survival.restricted_mean(SPEC.horizon) == pytest.approx(1 + curves.sum(axis=0), rel=1e-6)


def test_cox_pools_what_is_rare_and_takes_what_is_new(train: pd.DataFrame) -> None:
    """A make of five rows in 2,500 has no column; an unseen one and a missing mileage have a prediction."""
    odd = train.assign(make=np.where(train.index < 5, "Z", train["make"]))
    design = Design.of(SPEC, odd)
    assert "make=Z" not in design.matrix(odd).columns
    assert "make=B" in design.matrix(odd).columns
    rows = _rows(2, 4).assign(make=["Q", None], mileage=np.nan)
    assert np.isfinite(fit_cox(SPEC, odd).survival(rows).restricted_mean(SPEC.horizon)).all()


def test_cox_says_when_it_saw_a_sample_only(train: pd.DataFrame) -> None:
    """Above the bound it is fitted on so many rows, the same ones whatever order they come in."""
    first, second = (fit_cox(SPEC, rows, at_most=800) for rows in (train, train.iloc[::-1]))
    assert first.note == "fitted on 800 of 2,500 rows"
    assert first.fitter.params_.to_numpy() == pytest.approx(second.fitter.params_.to_numpy())
    assert fit_cox(SPEC, train).note == ""


def test_the_truth_is_the_best_possible(exam: Exam) -> None:
    """Its own ratio is one; half of the knowledge is less; a missing row of the truth is told."""
    best = pd.Series(_expected(exam.rows), index=exam.rows["row_id"])
    assert ratio_to_best(exam, _expected(exam.rows), best).value == 1.0
    part = ratio_to_best(exam, exam.rows["price_ratio"].to_numpy(), best)
    assert part.low < part.value < part.high < 0.8
    with pytest.raises(TrainingError, match=r"the truth lacks 1 of 2000 test rows"):
        ratio_to_best(exam, _expected(exam.rows), best.iloc[1:])


def test_a_model_has_its_distribution_from_the_calibration_fold(exam: Exam, train: pd.DataFrame) -> None:
    """The whole evaluation: every metric with its interval around it, ten tenths, and the spec's slices."""
    rows, calibration = (part.assign(days=_expected(part)) for part in (exam.rows, train))
    found = exam.sit_model("truth", rows, calibration, slices=True)
    assert set(found.metrics) == METRICS
    assert all(each.low <= each.value <= each.high for each in found.metrics.values())
    assert found.metrics["coverage_80"].low < 0.8 < found.metrics["coverage_80"].high
    assert [each.value for each in found.slices] == ["A", "B", "C", "other"]
    assert len(found.calibration) == 10
    assert found.groups == exam.rows["seller"].nunique()


def test_an_evaluation_is_told_to_people_and_programs(exam: Exam, train: pd.DataFrame) -> None:
    """A line each with intervals in two tables; the same in JSON, where what has no value is null."""
    baseline, segment, _ = evaluate_baselines(exam, train)
    told_apart, in_days, notes = to_table([baseline, segment]).split("\n\n")
    heading, first, second = told_apart.splitlines()
    assert heading.split() == ["Harrell's", "c", "c", "(IPCW)", "Brier", "in", "80", "%", "range"]
    assert first.startswith(OVERALL)
    assert "0.500 (0.500 to 0.500)" in first
    assert second.startswith(SEGMENT)
    assert len(in_days.splitlines()) == 3
    assert notes == f"{SEGMENT}: {segment.note}"
    written, _ = json.loads(to_json([baseline, segment]))
    assert written["metrics"]["c_index"] == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert written["metrics"]["calibration_slope"]["value"] is None
    assert "calibration_slope" not in baseline.flat()
    assert {"mae_days", "mae_days_low", "mae_days_high"} <= set(baseline.flat())


def test_the_table_of_slices_admits_small_ones(train: pd.DataFrame) -> None:
    """A slice without figures is a line that says so."""
    exam = Exam.of(SPEC, _rows(300, 5), replicates=5)
    rows, calibration = (part.assign(days=_expected(part)) for part in (exam.rows, train))
    lines = slices_table(exam.sit_model("truth", rows, calibration, slices=True)).splitlines()
    assert len(lines) == 5
    assert any(line.endswith("too few to say") for line in lines)


def test_predictions_of_other_rows_are_refused(exam: Exam, train: pd.DataFrame) -> None:
    """There has to be one for each row of the exam, and for no other."""
    other, calibration = train.iloc[: len(exam.rows)].assign(days=1.0), train.assign(days=1.0)
    with pytest.raises(TrainingError, match="other rows than the exam's"):
        exam.sit_model("other", other.assign(row_id=other["row_id"] + "x"), calibration)
    with pytest.raises(TrainingError, match="predict each row once"):
        exam.sit("short", np.ones(3), GroupCurves((), np.zeros(3, dtype=np.int64)))
