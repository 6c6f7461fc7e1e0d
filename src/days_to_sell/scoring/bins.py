"""Bins: the few places that a value can fall into, fixed when the model was trained."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

OTHER, UNSEEN, MISSING = "(other)", "(unseen)", "(missing)"
# Bounds of what is read back: a profile is a small thing, and its file is not trusted.
MAX_EDGES, MAX_TEXTS, MAX_TEXT_LENGTH = 200, 2_000, 1_000


@dataclass(frozen=True)
class NumberBins:
    """Bins of a number: up to and with each edge, above the last edge, and missing.

    Args:
        edges: Ascending finite upper bounds, which belong to the bin below them as in Prometheus.
    """

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse edges that do not ascend or whose labels would be the same."""
        ascending = all(low < high for low, high in pairwise(self.edges))
        if not 1 <= len(self.edges) <= MAX_EDGES or not ascending or not all(map(math.isfinite, self.edges)):
            raise ValueError(f"edges must be 1 to {MAX_EDGES} finite ascending numbers")
        if len(set(self.shown)) != len(self.edges):
            raise ValueError("edges must differ in 15 digits, by which they are told apart")

    @property
    def size(self) -> int:
        """Number of bins."""
        return len(self.edges) + 2

    @property
    def ordered(self) -> int:
        """Number of leading bins that stand in an order: all but the missing."""
        return len(self.edges) + 1

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Each edge as text."""
        return tuple(f"{edge:.15g}" for edge in self.edges)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Name of each bin, in order."""
        shown = self.shown
        between = [f"({low}, {high}]" for low, high in pairwise(shown)]
        return (f"<= {shown[0]}", *between, f"> {shown[-1]}", MISSING)

    def finder(self) -> Callable[[Any], int]:
        """Make the function from a number, NaN or None to its bin."""
        edges, missing = self.edges, self.size - 1

        def find(value: Any) -> int:
            # NaN alone differs from itself.
            return missing if value is None or value != value else bisect_left(edges, value)

        return find


@dataclass(frozen=True)
class TextBins:
    """Bins of a text: some values each, the others seen in training, the unseen, and missing.

    Args:
        apart: Values with a bin of their own, most frequent first.
        others: Further values that training saw, which share one bin.
    """

    apart: tuple[str, ...]
    others: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that are there twice or would pass for a bin that has no value."""
        values = (*self.apart, *self.others)
        if len(values) > MAX_TEXTS or not all(
            isinstance(value, str) and len(value) <= MAX_TEXT_LENGTH for value in values
        ):
            raise ValueError(f"values must be at most {MAX_TEXTS} texts of {MAX_TEXT_LENGTH} characters")
        if len(set(values)) != len(values) or {OTHER, UNSEEN, MISSING} & set(self.apart):
            raise ValueError("values must differ from one another and from the names of the bins without one")

    @property
    def size(self) -> int:
        """Number of bins."""
        return len(self.apart) + 3

    @property
    def ordered(self) -> int:
        """Texts have no order."""
        return 0

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Name of each bin, in order."""
        return (*self.apart, OTHER, UNSEEN, MISSING)

    @property
    def unseen(self) -> int:
        """Bin of the values that training did not see."""
        return len(self.apart) + 1

    @cached_property
    def places(self) -> Mapping[str | None, int]:
        """Bin of each known value, and of None; every other value is unseen."""
        places: dict[str | None, int] = {value: index for index, value in enumerate(self.apart)}
        return {**places, **dict.fromkeys(self.others, len(self.apart)), None: len(self.apart) + 2}

    def finder(self) -> Callable[[Any], int]:
        """Make the function from a text or None to its bin."""
        places, unseen = self.places, self.unseen
        return lambda value: places.get(value, unseen)


Bins = NumberBins | TextBins
