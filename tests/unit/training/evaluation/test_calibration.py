"""Errors and calibration, on cases worked out by hand and on markets that are right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from days_to_sell.training.evaluation.bootstrap import Resamples
from days_to_sell.training.evaluation.calibration import Errors, by_decile, tenths
from days_to_sell.training.evaluation.outcomes import Outcomes

# The lost row's share goes to the two that were followed longer: weights are 1, 0, 1.5 and 1.5.
FOUR = Outcomes(np.array([10.0, 20.0, 30.0, 40.0]), np.array([True, False, True, True]), 90.0)
DAYS = np.array([12.0, 99.0, 40.0, 30.0])


def test_errors_are_those_worked_out_by_hand() -> None:
    """Errors count by weight, unknown targets not at all."""
    assert FOUR.known_weights(FOUR.ones) == pytest.approx([1.0, 0.0, 1.5, 1.5])
    errors = Errors(FOUR, DAYS)
    assert errors.mean_absolute(FOUR.ones) == pytest.approx((2 + 15 + 15) / 4)
    assert errors.bias(FOUR.ones) == pytest.approx((2 + 15 - 15) / 4)


def test_what_lasts_to_the_horizon_is_known() -> None:
    """Lost at the horizon or later, min(T, horizon) is the horizon."""
    outcomes = Outcomes(np.array([10.0, 90.0, 95.0]), np.array([True, False, True]), 90.0)
    assert outcomes.known.all()
    assert outcomes.restricted.tolist() == [10.0, 90.0, 90.0]
    assert outcomes.known_weights(outcomes.ones).tolist() == [1.0, 1.0, 1.0]


def test_the_slope_says_how_bold_predictions_are() -> None:
    """Predictions twice as far from their mean as outcomes have slope one half; a constant has none."""
    outcomes = Outcomes(np.arange(10.0, 60.0), np.full(50, True), 90.0)
    bold = Errors(outcomes, 2 * outcomes.duration - 34.5)
    assert bold.slope(outcomes.ones) == pytest.approx(0.5)
    assert np.isnan(Errors(outcomes, np.full(50, 30.0)).slope(outcomes.ones))


def test_right_predictions_lie_on_the_diagonal() -> None:
    """Tenth by tenth; the expected calibration error is zero, and off by as much as all are off."""
    days = np.arange(1.0, 101.0)
    outcomes = Outcomes(days, np.full(100, True), 180.0)
    bands = by_decile(outcomes, days, Resamples.draw(pd.Series(range(100)), replicates=20))
    expected = [5.5 + 10 * tenth for tenth in range(10)]
    assert [band.predicted for band in bands] == pytest.approx(expected)
    assert [band.actual.value for band in bands] == pytest.approx(expected)
    assert all(band.actual.low <= band.actual.value <= band.actual.high for band in bands)
    assert Errors(outcomes, days).expected_calibration_error(outcomes.ones) == pytest.approx(0)
    assert Errors(outcomes, days + 3).expected_calibration_error(outcomes.ones) == pytest.approx(3)


def test_calibration_minds_censoring() -> None:
    """In a market where each prediction is right and a third are lost, every tenth is near the diagonal."""
    random = np.random.default_rng(8)
    days = random.uniform(10, 50, 20_000)
    sold, lost = random.uniform(0, 2 * days), random.uniform(0, 150, 20_000)
    outcomes = Outcomes(np.minimum(sold, lost), sold <= lost, 120.0)
    for band in by_decile(outcomes, days, Resamples.draw(pd.Series(range(20_000)), replicates=50)):
        assert band.actual.value == pytest.approx(band.predicted, rel=0.06)


def test_equal_predictions_are_spread_over_the_tenths() -> None:
    """A constant has ten tenths like any other, and few rows no more tenths than rows."""
    assert np.bincount(tenths(np.full(50, 7.0))).tolist() == [5] * 10
    assert len(set(tenths(np.arange(4.0)))) == 4
