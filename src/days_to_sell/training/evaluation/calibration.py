"""Calibration: whether cars that are said to take so many days do, on average."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from days_to_sell.training.evaluation.bootstrap import Estimate, Resamples
from days_to_sell.training.evaluation.curves import Floats
from days_to_sell.training.evaluation.outcomes import Ints, Outcomes

DECILES = 10


@dataclass(frozen=True)
class Band:
    """Rows of similar prediction.

    Args:
        rows: How many.
        predicted: Their mean prediction in days.
        actual: Their mean days within the horizon, weighted for censoring.
    """

    rows: int
    predicted: float
    actual: Estimate


@dataclass(frozen=True, eq=False)
class Errors:
    """Distances in days between predictions and min(T, horizon), weighted for censoring.

    Args:
        outcomes: The fold.
        days: One prediction a row.
    """

    outcomes: Outcomes
    days: Floats

    @cached_property
    def _tenth(self) -> Ints:
        return tenths(self.days)

    def mean_absolute(self, weights: Floats) -> float:
        """Give the mean absolute error in days."""
        distance = np.abs(self.days - self.outcomes.restricted)
        return _average(distance, self.outcomes.known_weights(weights))

    def bias(self, weights: Floats) -> float:
        """Give the mean prediction less the mean of min(T, horizon), in days."""
        return _average(self.days - self.outcomes.restricted, self.outcomes.known_weights(weights))

    def slope(self, weights: Floats) -> float:
        """Give the slope of min(T, horizon) on the prediction: 1 is right, below 1 is too bold."""
        known = self.outcomes.known_weights(weights)
        away = self.days - _average(self.days, known)
        spread = float(known @ away**2)
        return float(known @ (away * self.outcomes.restricted)) / spread if spread > 1e-9 else float("nan")

    def expected_calibration_error(self, weights: Floats) -> float:
        """Give the mean distance in days between predicted and actual means of the tenths.

        The regression counterpart of Naeini et al. (2015). Noise alone makes it larger than zero.
        """
        known = self.outcomes.known_weights(weights)
        gap = np.bincount(self._tenth, known * (self.days - self.outcomes.restricted), DECILES)
        return float(np.abs(gap).sum() / known.sum())


def by_decile(outcomes: Outcomes, days: Floats, resamples: Resamples) -> tuple[Band, ...]:
    """Compare predicted and actual days by tenth of the predictions.

    Args:
        outcomes: The fold.
        days: One prediction a row.
        resamples: Its replicates.
    """
    tenth = tenths(days)
    known = outcomes.restricted

    def actual(weights: Floats) -> Floats:
        weights = outcomes.known_weights(weights)
        total = np.bincount(tenth, weights, DECILES)
        sums = np.bincount(tenth, weights * known, DECILES)
        return np.divide(sums, total, out=np.full(DECILES, np.nan), where=total > 0)

    rows = np.bincount(tenth, minlength=DECILES)
    predicted = np.bincount(tenth, days, DECILES) / np.maximum(rows, 1)
    found = zip(rows, predicted, resamples.estimates(actual), strict=True)
    return tuple(Band(int(count), float(mean), each) for count, mean, each in found if count)


def tenths(days: Floats) -> Ints:
    """Give the tenth of the predictions that each row is in; equal ones stay in the order of their rows."""
    rank = pd.Series(days).rank(method="first").to_numpy()
    return np.minimum((rank - 1) * DECILES // len(days), DECILES - 1).astype(np.int64)


def _average(values: Floats, weights: Floats) -> float:
    total = weights.sum()
    return float(values @ weights / total) if total > 0 else float("nan")
