"""Intervals: as wide as they must be, wider where rows of a group resemble one another, and paired."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from days_to_sell.training.evaluation.bootstrap import Estimate, Resamples

MEMBERS, GROUPS = 25, 80


def _clustered() -> tuple[np.ndarray, pd.Series]:
    random = np.random.default_rng(6)
    names = np.repeat([f"s{number}" for number in range(GROUPS)], MEMBERS)
    return np.repeat(random.normal(size=GROUPS), MEMBERS), pd.Series(names)


def _mean(values: np.ndarray, resamples: Resamples) -> Estimate:
    return resamples.estimate(lambda weights: float(np.average(values, weights=weights)))


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    """For rows on their own: the mean and 1.96 standard errors to both sides, within a tenth."""
    values = np.random.default_rng(2).normal(10, 3, 4_000)
    found = _mean(values, Resamples.draw(pd.Series(np.arange(4_000)), replicates=1_000))
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * 3 / np.sqrt(4_000), rel=0.1)


def test_whole_groups_are_drawn() -> None:
    """When all rows of a group are alike there are as many observations as groups, not as rows."""
    values, groups = _clustered()
    by_group = _mean(values, Resamples.draw(groups, replicates=500))
    by_row = _mean(values, Resamples.draw(pd.Series(range(len(values))), replicates=500))
    ratio = (by_group.high - by_group.low) / (by_row.high - by_row.low)
    assert ratio == pytest.approx(np.sqrt(MEMBERS), rel=0.2)


def test_each_replicate_has_as_many_groups_as_there_are() -> None:
    """A missing group stands alone."""
    resamples = Resamples.draw(pd.Series(["a", "a", "b", None, None]), replicates=9)
    assert resamples.groups == 4
    assert (resamples.counts.sum(axis=1) == 4).all()


def test_differences_are_paired() -> None:
    """Two figures that move together differ by a sure amount, however unsure each of them is."""
    values, groups = _clustered()
    resamples = Resamples.draw(groups)
    lower, higher = _mean(values, resamples), _mean(values + 0.01, resamples)
    difference = higher.less(lower)
    assert higher.low < lower.high
    assert (difference.low, difference.value, difference.high) == pytest.approx((0.01, 0.01, 0.01))


def test_the_same_fold_has_the_same_intervals() -> None:
    """The seed is fixed."""
    values, groups = _clustered()
    assert _mean(values, Resamples.draw(groups)) == _mean(values, Resamples.draw(groups))


def test_a_part_of_the_rows_keeps_the_replicates() -> None:
    """The rows of a slice are drawn as often as they are in the whole."""
    values, groups = _clustered()
    resamples, chosen = Resamples.draw(groups), values > 0
    part = _mean(values[chosen], resamples.take(chosen))
    whole = resamples.estimate(lambda weights: float(np.average(values, weights=weights * chosen)))
    assert part.samples == pytest.approx(whole.samples)


def test_replicates_without_a_value_are_left_out() -> None:
    """An interval is that of the replicates that have one; without any there is none."""
    found = Estimate.of(1.0, np.array([np.nan, 0.5, 1.5]))
    assert 0.5 <= found.low < found.high <= 1.5
    assert np.isnan(Estimate.of(1.0, np.array([np.nan])).low)
