"""The sketch: a row and its answer become steps of counters, and nothing else of them is kept."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from days_to_sell.scoring.bins import NumberBins, TextBins
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.spec import PREDICTION

# Sums of days are kept in whole millionths: counters are whole numbers.
PER_DAY = 1_000_000
ROWS, SUM, FIRST_BIN = range(3)
# An answer this far off is no number of days, and a few of them would fill a sum of 64 bits; bins count it.
FAR = 100_000.0
# Stands in where a package of the first format has no profile: rows are counted, and no column of them.
NO_PROFILE = Profile(0, {}, Histogram(NumberBins((0.0,)), (0, 0, 0)))
Observe = Callable[[Mapping[str, Any], float], None]


@dataclass(frozen=True)
class Counted:
    """What a sketch counted, summed over whoever counted.

    Args:
        rows: Rows that were answered.
        days: Sum of the answers.
        bins: Rows by bin, by column as in the profile.
    """

    rows: int
    days: float
    bins: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Layout:
    """Where the counters of a profile's bins stand in one array: rows, sum of days, then bin by bin."""

    profile: Profile

    @cached_property
    def offsets(self) -> Mapping[str, int]:
        """Place of the first bin of each column."""
        offsets, offset = {}, FIRST_BIN
        for name, histogram in self.profile.histograms:
            offsets[name] = offset
            offset += histogram.bins.size
        return offsets

    @property
    def size(self) -> int:
        """Number of counters."""
        return FIRST_BIN + sum(histogram.bins.size for _, histogram in self.profile.histograms)

    def observer(self, counters: list[int] | memoryview[int]) -> Observe:
        """Make the function that counts one answered row.

        Args:
            counters: As many as ``size``; nobody else may write them meanwhile.
        """
        numbers, texts = [], []
        for name, histogram in self.profile.features.items():
            offset, bins = self.offsets[name], histogram.bins
            match bins:
                case NumberBins(edges):
                    numbers.append((name, edges, offset, offset + bins.size - 1))
                case TextBins():
                    places = {value: offset + place for value, place in bins.places.items()}
                    texts.append((name, places.get, offset + bins.unseen))
        answers, limits = self.offsets[PREDICTION], self.profile.edges

        def observe(row: Mapping[str, Any], days: float) -> None:
            counters[ROWS] += 1
            counters[answers + bisect_left(limits, days)] += 1
            if 0 < days < FAR:
                counters[SUM] += int(days * PER_DAY)
            for name, bounds, offset, missing in numbers:
                value = row[name]
                # NaN alone differs from itself.
                if value is None or value != value:
                    counters[missing] += 1
                else:
                    counters[offset + bisect_left(bounds, value)] += 1
            for name, find, unseen in texts:
                counters[find(row[name], unseen)] += 1

        return observe

    def read(self, counters: Sequence[int]) -> Counted:
        """Read what was counted.

        Args:
            counters: Sums over all that count by this layout.
        """
        bins = {
            name: tuple(counters[self.offsets[name] : self.offsets[name] + histogram.bins.size])
            for name, histogram in self.profile.histograms
        }
        return Counted(counters[ROWS], counters[SUM] / PER_DAY, bins)
