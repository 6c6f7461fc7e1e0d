"""Outcomes of a fold: what was seen of each row, and how likely it was to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from days_to_sell.spec import DURATION, OBSERVED
from days_to_sell.training.evaluation.curves import Bools, Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Right-censored durations, judged up to a horizon.

    Whoever was followed longer stands in for those who were lost, by inverse-probability-of-censoring weights
    (Robins and Rotnitzky, 1992). A row sold on a day was not at risk of being lost on that day. All weights
    of rows are multiplicities, so that a bootstrap replicate is a vector of weights.

    Args:
        duration: Days that each row was followed.
        observed: Whether it was sold then.
        horizon: Days up to which predictions are judged.
    """

    duration: Floats
    observed: Bools
    horizon: float

    @classmethod
    def of(cls, rows: pd.DataFrame, horizon: float) -> Outcomes:
        """Read collected rows with ``duration`` and ``observed``."""
        duration, observed = rows[DURATION].to_numpy(dtype=float), rows[OBSERVED].to_numpy() == 1
        return cls(duration, observed, float(horizon))

    def __len__(self) -> int:
        return len(self.duration)

    def take(self, chosen: Bools) -> Outcomes:
        """Give the outcomes of some of the rows."""
        return Outcomes(self.duration[chosen], self.observed[chosen], self.horizon)

    @cached_property
    def ones(self) -> Floats:
        """The weights of the fold as it is: one each."""
        return np.ones(len(self))

    @cached_property
    def times(self) -> Floats:
        """The distinct durations, ascending."""
        return np.unique(self.duration)

    @cached_property
    def place(self) -> Ints:
        """Position of each row's duration among the distinct ones."""
        return np.searchsorted(self.times, self.duration)

    @cached_property
    def restricted(self) -> Floats:
        """Each row's min(T, horizon) in days, where it is known."""
        return np.minimum(self.duration, self.horizon)

    @cached_property
    def known(self) -> Bools:
        """Whether min(T, horizon) is known."""
        return self.observed | (self.duration >= self.horizon)

    @cached_property
    def events(self) -> Bools:
        """Whether a row was sold within the horizon."""
        return self.observed & (self.duration < self.horizon)

    def followed(self, weights: Floats) -> Floats:
        """Estimate the chance to be followed, P(C >= t), at each distinct duration and beyond the last.

        Args:
            weights: Of the rows.

        Returns:
            One number more than there are distinct durations; ``followed[k + 1]`` is P(C > t) at the k-th.
        """
        total = np.bincount(self.place, weights, len(self.times))
        sold = np.bincount(self.place, weights * self.observed, len(self.times))
        at_risk = np.cumsum(total[::-1])[::-1] - sold
        hazard = np.divide(total - sold, at_risk, out=np.zeros(len(total)), where=at_risk > 1e-12)
        return np.concatenate([[1.0], np.cumprod(1 - np.clip(hazard, 0.0, 1.0))])

    def followed_until(self, weights: Floats) -> Floats:
        """Estimate P(C >= t) at each row's min(T, horizon)."""
        last = np.searchsorted(self.times, self.horizon)
        return self.followed(weights)[np.minimum(self.place, last)]

    def known_weights(self, weights: Floats) -> Floats:
        """Weigh the rows whose min(T, horizon) is known to stand in for all; zero for the others."""
        return weights * self.known * inverse(self.followed_until(weights))


def inverse(chances: Floats) -> Floats:
    """Give one over each chance, and zero where there is none: nobody is left to stand in."""
    return np.divide(1.0, chances, out=np.zeros_like(chances), where=chances > 1e-9)
