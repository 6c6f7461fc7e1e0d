"""The predictive distribution of a model that answers with one number, and how good a distribution is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from days_to_sell.training.evaluation.curves import Curve, Floats, Survival, kaplan_meier
from days_to_sell.training.evaluation.outcomes import Outcomes, inverse

LOWER, UPPER = 0.1, 0.9


@dataclass(frozen=True, eq=False)
class AcceleratedLife:
    """S(t | x) = S0(t / days(x)): one shape for all, stretched by the prediction.

    Accelerated life (Kalbfleisch and Prentice, 2002, chapter 2.3) with a shape that is not assumed but
    estimated by Kaplan-Meier, from T / days on rows that nothing was fitted on.

    Args:
        shape: Survival of T / days.
        days: Prediction of each row.
    """

    shape: Curve
    days: Floats

    @classmethod
    def of(cls, calibration: Outcomes, calibration_days: Floats, days: Floats) -> AcceleratedLife:
        """Estimate the shape on one fold to predict another.

        Args:
            calibration: Outcomes of the calibration fold.
            calibration_days: Predictions for it.
            days: Predictions to stretch the shape by, in days.
        """
        return cls(kaplan_meier(calibration.duration / calibration_days, calibration.observed), days)

    def at(self, times: Floats) -> Floats:
        """Give each row's P(T > t)."""
        return self.shape.at(times / self.days[:, None])

    def quantile(self, share: float) -> Floats:
        """Give the days by which a share of the like of each row is sold; infinite if not seen."""
        return self.shape.quantile(share) * self.days


@dataclass(frozen=True, eq=False)
class Brier:
    """The integrated Brier score: mean squared distance of P(T > t) from what was seen, over the horizon.

    What was lost before a day is stood in for by inverse-probability-of-censoring weights (Graf et al.,
    1999). Zero is perfect; a coin has 0.25.

    Args:
        outcomes: The fold.
        survival: Its predictive distribution.
    """

    outcomes: Outcomes
    survival: Survival

    @cached_property
    def _days(self) -> Floats:
        return np.arange(1.0, self.outcomes.horizon)

    @cached_property
    def _distances(self) -> tuple[Floats, Floats]:
        """Squared distances of rows sold by a day, and of rows still there, of shape (rows, days)."""
        left = self.survival.at(np.broadcast_to(self._days, (len(self.outcomes), len(self._days))))
        gone = self.outcomes.duration[:, None] <= self._days
        sold = gone & self.outcomes.observed[:, None]
        return np.where(sold, left**2, 0.0), np.where(gone, 0.0, (1 - left) ** 2)

    def __call__(self, weights: Floats) -> float:
        """Work the score out under weights of the rows."""
        sold, still = self._distances
        by_day = self.outcomes.followed(weights)
        reached = by_day[np.searchsorted(self.outcomes.times, self._days, side="right")]
        at_sale = weights * inverse(self.outcomes.followed_until(weights))
        daily = at_sale @ sold + (weights @ still) * inverse(reached)
        return float(daily.mean() / weights.sum())


@dataclass(frozen=True, eq=False)
class Coverage:
    """The share of rows that sell within their range from the 10 % to the 90 % quantile: 0.8 is right.

    A row sells within it when its probability integral transform F(T | x) lies between 0.1 and 0.9; where
    days are whole it is the middle of the step at T (Czado et al., 2009). Where the distributions are right
    those are uniform, and censored where T is; so the share is read off their Kaplan-Meier curve, as with
    residuals (Cox and Snell, 1968). Beyond what any row was followed to, what is left counts as spread
    evenly, as in D-calibration (Haider et al., 2020).

    Args:
        outcomes: The fold.
        survival: Its predictive distribution.
    """

    outcomes: Outcomes
    survival: Survival

    @cached_property
    def _gone(self) -> Floats:
        after = self.outcomes.duration[:, None]
        until = 1 - self.survival.at(after)[:, 0]
        before = 1 - self.survival.at(np.nextafter(after, 0.0))[:, 0]
        return np.where(self.outcomes.observed, (until + before) / 2, until)

    def __call__(self, weights: Floats) -> float:
        """Work the share out under weights of the rows."""
        curve = kaplan_meier(self._gone, self.outcomes.observed, weights)
        last = float(self._gone[weights > 0].max())
        above_lower, above_upper = curve.at(np.array([LOWER, UPPER]))
        if last < UPPER:
            above_upper *= (1 - UPPER) / (1 - last)
        return float(above_lower - above_upper)
