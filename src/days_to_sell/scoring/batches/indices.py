"""Indices of many numbers at once, as :mod:`days_to_sell.scoring.plan.indices` finds them one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.scoring.plan.indices import bucket_of

Array: TypeAlias = NDArray[Any]


def buckets(splits: Sequence[float]) -> Callable[[Array], Array]:
    """Make the function from numbers to their buckets, see :class:`~..plan.expressions.Bucket`."""
    count = len(splits) - 1
    edges = np.array(splits)
    # By the number of splits at or below a number; what reaches the last is beyond, or handled apart.
    places = np.array([count + 1, *range(count), count + 1], dtype=np.intp)
    negative_zero = bucket_of(-0.0, splits)
    apart = negative_zero != bucket_of(0.0, splits)

    def find(numbers: Array) -> Array:
        found = places.take(np.searchsorted(edges, numbers, side="right"))
        found[numbers == splits[-1]] = count - 1
        found[np.isnan(numbers)] = count
        if apart:
            found[(numbers == 0.0) & np.signbit(numbers)] = negative_zero
        return found

    return find


def categories(count: int) -> Callable[[Array], Array]:
    """Make the function from numbers to their categories, see :class:`~..plan.expressions.Category`."""

    def find(numbers: Array) -> Array:
        inside = (numbers >= 0.0) & (numbers < count)
        return np.where(inside, numbers, count).astype(np.intp)

    return find


def ranks(values: Sequence[float]) -> Callable[[Array], Array]:
    """Make the function from numbers to their ranks, see :class:`~..plan.expressions.Rank`."""
    missing = len(values)
    order = np.argsort(np.array(values), kind="stable")
    # One more in front, equal to nothing: where a number below all others ends up.
    places = np.array([missing, *order], dtype=np.intp)
    known = np.array([np.nan, *np.array(values)[order]])
    ascending = known[1:]

    def find(numbers: Array) -> Array:
        found = np.searchsorted(ascending, numbers, side="right")
        return np.where(known.take(found) == numbers, places.take(found), missing)

    return find
