"""Intervals by the bootstrap, resampling whole groups where rows of a group resemble one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from days_to_sell.training.evaluation.curves import Bools, Floats
from days_to_sell.training.evaluation.outcomes import Ints

Statistic = Callable[[Floats], float]
SEED, REPLICATES = 20, 200
TAILS = (2.5, 97.5)


@dataclass(frozen=True)
class Estimate:
    """A figure and how sure it is.

    Args:
        value: On the fold as it is.
        low, high: Percentile interval of 95 % (Efron, 1981).
        samples: The figure on each replicate; replicates are shared, so differences of samples are paired.
    """

    value: float
    low: float
    high: float
    samples: Floats = field(repr=False, compare=False)

    @classmethod
    def of(cls, value: float, samples: Floats) -> Estimate:
        """Take the interval from samples; those without a value, such as of no pair at all, are left out."""
        there = samples[np.isfinite(samples)]
        low, high = np.percentile(there, TAILS) if there.size else (np.nan, np.nan)
        return cls(float(value), float(low), float(high), samples)

    @classmethod
    def recalled(cls, figure: Mapping[str, float | None]) -> Estimate:
        """Take a figure from a file, which holds null for what has no value, and no samples."""
        known = {name: np.nan if found is None else found for name, found in figure.items()}
        return cls(known["value"], known["low"], known["high"], np.empty(0))

    def less(self, other: Estimate) -> Estimate:
        """Give the difference to another figure on the same replicates, with its own paired interval."""
        return Estimate.of(self.value - other.value, self.samples - other.samples)


@dataclass(frozen=True, eq=False)
class Resamples:
    """The replicates of a fold, shared by all that is measured on it.

    Args:
        counts: How often each group was drawn, of shape (replicates, groups).
        group: Position of each row's group.
    """

    counts: Ints
    group: Ints

    @classmethod
    def draw(cls, groups: pd.Series, replicates: int = REPLICATES, seed: int = SEED) -> Resamples:
        """Draw groups with replacement, as many as there are.

        Args:
            groups: Group of each row, such as its seller; a missing one is a group of its own.
            replicates: How many.
            seed: The same seed and groups give the same replicates.
        """
        codes, names = pd.factorize(groups)
        alone = codes < 0
        group = np.where(alone, len(names) + np.cumsum(alone) - 1, codes)
        count = int(group.max()) + 1
        rng = np.random.default_rng(seed)
        counts = [np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(replicates)]
        return cls(np.array(counts), group)

    @property
    def groups(self) -> int:
        """Number of groups."""
        return self.counts.shape[1]

    def take(self, chosen: Bools) -> Resamples:
        """Give the same replicates for some of the rows."""
        return Resamples(self.counts, self.group[chosen])

    def estimate(self, statistic: Statistic) -> Estimate:
        """Work out a statistic of row weights on the fold and on each replicate."""
        (found,) = self.estimates(lambda weights: [statistic(weights)])
        return found

    def estimates(self, statistics: Callable[[Floats], Sequence[float] | Floats]) -> tuple[Estimate, ...]:
        """Work out several statistics of row weights at once."""
        values = statistics(np.ones(len(self.group)))
        samples = np.array([statistics(count[self.group].astype(float)) for count in self.counts])
        return tuple(Estimate.of(*each) for each in zip(values, samples.T, strict=True))
