"""Survival curves as steps, by Kaplan and Meier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Curve:
    """A share that falls in steps, from one.

    Args:
        times: Where it falls, ascending.
        shares: What is left from each of them on.
    """

    times: Floats
    shares: Floats

    def at(self, times: Floats) -> Floats:
        """Give the share that is left after each time: P(T > t)."""
        return np.concatenate([[1.0], self.shares])[np.searchsorted(self.times, times, side="right")]

    def quantile(self, share: float) -> float:
        """Give the first time by which a share is gone; infinite where the curve does not fall so far."""
        gone = np.flatnonzero(self.shares <= 1 - share + 1e-12)
        return float(self.times[gone[0]]) if gone.size else float("inf")

    def restricted_mean(self, horizon: float) -> float:
        """Give E[min(T, horizon)], the area under the curve (Karrison, 1987)."""
        inside = self.times < horizon
        corners = np.concatenate([[0.0], self.times[inside], [horizon]])
        return float(np.diff(corners) @ np.concatenate([[1.0], self.shares[inside]]))


class Survival(Protocol):
    """A predictive distribution of each row of a fold."""

    def at(self, times: Floats) -> Floats:
        """Give each row's P(T > t).

        Args:
            times: Days, of shape (rows, any number of times) or (rows, 1).
        """
        ...


@dataclass(frozen=True, eq=False)
class GroupCurves:
    """One curve for all rows of a group.

    Args:
        curves: The curves.
        which: Position of each row's curve.
    """

    curves: tuple[Curve, ...]
    which: npt.NDArray[np.int64]

    def at(self, times: Floats) -> Floats:
        """Give each row's P(T > t)."""
        found = np.empty(times.shape)
        for number, curve in enumerate(self.curves):
            mine = self.which == number
            found[mine] = curve.at(times[mine])
        return found


def kaplan_meier(durations: Floats, observed: Bools, weights: Floats | None = None) -> Curve:
    """Estimate the survival of weighted, right-censored rows (Kaplan and Meier, 1958).

    Args:
        durations: Follow-up of each row, in any unit.
        observed: Whether it ended in the event.
        weights: Of each row; one each when not given.
    """
    weights = np.ones(len(durations)) if weights is None else weights
    times, place = np.unique(durations, return_inverse=True)
    events = np.bincount(place, weights * observed, len(times))
    at_risk = np.cumsum(np.bincount(place, weights, len(times))[::-1])[::-1]
    hazard = np.divide(events, at_risk, out=np.zeros(len(times)), where=at_risk > 0)
    falls = events > 0
    return Curve(times[falls], np.cumprod(1 - hazard)[falls])
