"""Predictive distributions and their scores: right ones score right, by hand and by lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

from days_to_sell.training.evaluation.curves import Curve, Floats, GroupCurves, kaplan_meier
from days_to_sell.training.evaluation.distribution import AcceleratedLife, Brier, Coverage
from days_to_sell.training.evaluation.outcomes import Outcomes

ROWS = 20_000


def _market(seed: int, censored: bool = True) -> tuple[Outcomes, Floats]:
    """Weibull days around a known expectation, and about a third of them lost."""
    random = np.random.default_rng(seed)
    days = random.choice([10.0, 20.0, 40.0], ROWS)
    sold = days * random.weibull(1.3, ROWS)
    lost = random.uniform(0, 120, ROWS) if censored else np.full(ROWS, 1e9)
    return Outcomes(np.minimum(sold, lost), sold <= lost, 90.0), days


def test_kaplan_meier_is_that_of_lifelines() -> None:
    """Weighted, with ties, everywhere between and on the steps; so is the area under it."""
    random = np.random.default_rng(3)
    duration, observed = random.integers(1, 40, 500).astype(float), random.random(500) < 0.6
    weights = random.integers(1, 4, 500).astype(float)
    ours = kaplan_meier(duration, observed, weights)
    theirs = KaplanMeierFitter().fit(duration, observed, weights=weights)
    times = np.arange(0, 45, 0.5)
    assert ours.at(times) == pytest.approx(theirs.survival_function_at_times(times).to_numpy(), rel=1e-9)
    assert ours.restricted_mean(30) == pytest.approx(restricted_mean_survival_time(theirs, t=30.0))


def test_a_quantile_is_when_a_share_is_gone() -> None:
    """A curve that stays above a share never gets there."""
    curve = Curve(np.array([2.0, 5.0, 9.0]), np.array([0.9, 0.5, 0.3]))
    assert [curve.quantile(share) for share in (0.1, 0.5, 0.6, 0.8)] == [2.0, 5.0, 9.0, np.inf]


def test_the_shape_is_found_whatever_the_censoring() -> None:
    """Stretched by the prediction, Kaplan-Meier of T / days is the Weibull that was drawn from."""
    outcomes, days = _market(1)
    life = AcceleratedLife.of(outcomes, days, np.array([10.0, 40.0]))
    times = np.array([[5.0, 15.0], [5.0, 15.0]])
    expected = np.exp(-((times / [[10.0], [40.0]]) ** 1.3))
    assert life.at(times) == pytest.approx(expected, abs=0.015)
    assert life.quantile(0.9) == pytest.approx(
        [10 * np.log(10) ** (1 / 1.3), 40 * np.log(10) ** (1 / 1.3)], rel=0.04
    )


def test_brier_by_hand() -> None:
    """Three rows, one lost: its share of later days goes to the row that was followed longer."""
    outcomes = Outcomes(np.array([1.0, 2.0, 4.0]), np.array([True, False, True]), 4.0)
    half = GroupCurves((Curve(np.array([0.5]), np.array([0.3])),), np.zeros(3, dtype=np.int64))
    # P(C > 2) = 1/2. Day 1: 0.09 + 2 * 0.49. Days 2 and 3: 0.09 + 0.49 * 2.
    assert Brier(outcomes, half)(np.ones(3)) == pytest.approx((0.09 + 2 * 0.49) / 3)
    # The lost row thrice: P(C > 2) = 1/4, so the last row counts four times.
    assert Brier(outcomes, half)(np.array([1.0, 3.0, 1.0])) == pytest.approx((0.09 + 4 * 0.49) / 5)


def test_censoring_moves_no_score_of_a_right_distribution() -> None:
    """Brier score and coverage are those of the same market had nobody been lost."""
    for seed in (1, 2):
        seen, days = _market(seed)
        full, _ = _market(seed, censored=False)
        life = AcceleratedLife.of(full, days, days)
        assert Brier(seen, life)(seen.ones) == pytest.approx(Brier(full, life)(full.ones), abs=0.004)
        assert Coverage(full, life)(full.ones) == pytest.approx(0.8, abs=0.002)
        assert Coverage(seen, life)(seen.ones) == pytest.approx(0.8, abs=0.015)


def test_ranges_that_are_too_narrow_are_found_out() -> None:
    """A shape drawn together to half its logarithm covers far less than it says; its score is worse."""
    outcomes, days = _market(1)
    right = AcceleratedLife.of(outcomes, days, days)
    narrow = AcceleratedLife(Curve(np.sqrt(right.shape.times), right.shape.shares), days)
    assert Coverage(outcomes, narrow)(outcomes.ones) < 0.65
    assert Brier(outcomes, narrow)(outcomes.ones) > Brier(outcomes, right)(outcomes.ones)


def test_coverage_is_right_where_nobody_was_followed_to_the_upper_quantile() -> None:
    """Days come in weeks and half of the cars outlast the list; the curve of the list itself covers 80 %."""
    random = np.random.default_rng(5)
    sold = 7.0 * np.ceil(random.exponential(20.0, 5_000))
    outcomes = Outcomes(np.minimum(sold, 98.0), sold <= 98.0, 98.0)
    curve = kaplan_meier(outcomes.duration, outcomes.observed)
    assert curve.quantile(0.9) == np.inf
    own = GroupCurves((curve,), np.zeros(5_000, dtype=np.int64))
    assert Coverage(outcomes, own)(outcomes.ones) == pytest.approx(0.8, abs=0.02)
