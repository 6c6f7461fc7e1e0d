"""Concordance without listing pairs equals what listing them gives, under any weights."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.utils import concordance_index

from days_to_sell.training.evaluation.concordance import Pairs
from days_to_sell.training.evaluation.curves import Floats
from days_to_sell.training.evaluation.outcomes import Outcomes

HORIZON = 6.0
# Few distinct values, so that ties of every kind are frequent.
ROW = st.tuples(
    st.sampled_from([0.5, 1.0, 2.0, 3.5, 5.0, 6.0, 9.0]),
    st.booleans(),
    st.integers(0, 9),
    st.integers(0, 3),
)
ROWS = st.lists(ROW, min_size=2, max_size=40)


def _fold(rows: list[tuple[float, bool, int, int]]) -> tuple[Outcomes, Floats, Floats]:
    duration, observed, days, weights = (np.array(column) for column in zip(*rows, strict=True))
    return Outcomes(duration, observed, HORIZON), days.astype(float), weights.astype(float)


def _pair_by_pair(outcomes: Outcomes, days: Floats, weights: Floats, of_event: Floats) -> float:
    above = below = 0.0
    for i, j in permutations(range(len(outcomes)), 2):
        longer = outcomes.duration[j] > outcomes.duration[i] or (
            outcomes.duration[j] == outcomes.duration[i] and not outcomes.observed[j]
        )
        if outcomes.observed[i] and longer:
            pair = weights[i] * of_event[i] * weights[j]
            below += pair
            above += pair * (1.0 if days[j] > days[i] else 0.5 if days[j] == days[i] else 0.0)
    return above / below if below > 0 else float("nan")


def _one_over_squared_chance(outcomes: Outcomes, weights: Floats) -> Floats:
    """One over P(C >= T) squared for sales before the horizon: Kaplan-Meier, day by day as in the books."""
    result = np.zeros(len(outcomes))
    for row in np.flatnonzero(outcomes.observed & (outcomes.duration < outcomes.horizon)):
        chance = 1.0
        for day in sorted(set(outcomes.duration[outcomes.duration < outcomes.duration[row]])):
            here = outcomes.duration == day
            at_risk = weights[(outcomes.duration > day) | (here & ~outcomes.observed)].sum()
            lost = weights[here & ~outcomes.observed].sum()
            chance *= 1 - lost / at_risk if at_risk else 1.0
        result[row] = chance**-2 if chance > 1e-9 else 0.0
    return result


@given(ROWS)
def test_harrell_equals_pair_by_pair(rows: list[tuple[float, bool, int, int]]) -> None:
    """With ties in durations and predictions, and weights that may be zero."""
    outcomes, days, weights = _fold(rows)
    expected = _pair_by_pair(outcomes, days, weights, np.ones(len(rows)))
    assert Pairs.of(outcomes, days).harrell(weights) == pytest.approx(expected, nan_ok=True)


@given(ROWS)
def test_uno_equals_pair_by_pair(rows: list[tuple[float, bool, int, int]]) -> None:
    """Each pair counts one over the squared chance to be followed until its sale, up to the horizon."""
    outcomes, days, weights = _fold(rows)
    expected = _pair_by_pair(outcomes, days, weights, _one_over_squared_chance(outcomes, weights))
    assert Pairs.of(outcomes, days).uno(weights) == pytest.approx(expected, nan_ok=True)


@given(ROWS)
def test_a_weight_is_a_number_of_copies(rows: list[tuple[float, bool, int, int]]) -> None:
    """A bootstrap replicate by weights is the fold with rows repeated; two copies are no comparable pair."""
    outcomes, days, weights = _fold(rows)
    times = weights.astype(int)
    if not times.any():
        return
    copied = Outcomes(np.repeat(outcomes.duration, times), np.repeat(outcomes.observed, times), HORIZON)
    pairs, of_copies = Pairs.of(outcomes, days), Pairs.of(copied, np.repeat(days, times))
    assert pairs.harrell(weights) == pytest.approx(of_copies.harrell(copied.ones), nan_ok=True)
    assert pairs.uno(weights) == pytest.approx(of_copies.uno(copied.ones), nan_ok=True)


def _thousand() -> tuple[Outcomes, Floats]:
    random = np.random.default_rng(4)
    days = random.uniform(5, 60, 1_000).round(1)
    sold, lost = np.ceil(random.exponential(days)), random.integers(1, 120, 1_000)
    return Outcomes(np.minimum(sold, lost).astype(float), sold <= lost, 90.0), days


def test_harrell_is_that_of_lifelines() -> None:
    """On a fold of a thousand rows, to rounding."""
    outcomes, days = _thousand()
    expected = concordance_index(outcomes.duration, days, outcomes.observed)
    assert Pairs.of(outcomes, days).harrell(outcomes.ones) == pytest.approx(expected, rel=1e-12)


def test_uno_does_not_move_with_the_censoring_and_harrell_does() -> None:
    """Where quick sales are easier to tell apart, losing the slow ones lifts Harrell's figure, not Uno's."""
    random = np.random.default_rng(9)
    days = random.choice([5.0, 15.0, 60.0], 20_000, p=[0.3, 0.3, 0.4])
    sold = random.weibull(2.5, 20_000) * days
    lost = random.exponential(25.0, 20_000)
    full = Pairs.of(Outcomes(sold, np.full(20_000, True), 40.0), days)
    seen = Pairs.of(Outcomes(np.minimum(sold, lost), sold <= lost, 40.0), days)
    ones = np.ones(20_000)
    assert seen.uno(ones) == pytest.approx(full.uno(ones), abs=0.01)
    assert abs(seen.harrell(ones) - full.harrell(ones)) > 0.02


def test_a_constant_has_concordance_one_half() -> None:
    """What tells no row from another is neither right nor wrong."""
    outcomes, days = _thousand()
    pairs = Pairs.of(outcomes, np.full_like(days, 25.0))
    assert (pairs.harrell(outcomes.ones), pairs.uno(outcomes.ones)) == (0.5, 0.5)


def test_without_comparable_pairs_there_is_no_concordance() -> None:
    """All lost: nothing can be said, and nothing is made up."""
    outcomes = Outcomes(np.array([3.0, 4.0]), np.array([False, False]), HORIZON)
    assert math.isnan(Pairs.of(outcomes, np.array([1.0, 2.0])).harrell(np.ones(2)))
