"""Making indices: what is known of an index before any row is seen is worked into its table."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from days_to_sell.scoring.plan.expressions import (
    Bucket,
    Category,
    Constant,
    Fixed,
    FromIndex,
    Index,
    IndexIn,
    Lookup,
    Number,
    Rank,
    Remap,
    Truth,
)


def remap(table: Sequence[int], index: Index, size: int) -> Index:
    """Read a table of indices below ``size`` by an index; tables of tables become one."""
    if isinstance(index, Remap):
        table, index = tuple(table[each] for each in index.table), index.index
    if list(table) == list(range(size)) and index.size == size:
        return index
    if isinstance(index, Fixed):
        return Fixed(table[index.value], size)
    return Remap(tuple(table), index, size)


def lookup(table: Sequence[float], index: Index) -> Number:
    """Read a table of numbers by an index."""
    if isinstance(index, Remap):
        table, index = tuple(table[each] for each in index.table), index.index
    if isinstance(index, Fixed):
        return Constant(table[index.value])
    return Lookup(tuple(table), index)


def from_index(index: Index) -> Number:
    """Take an index as a number."""
    return Constant(float(index.value)) if isinstance(index, Fixed) else FromIndex(index)


def bucket(number: Number, splits: tuple[float, ...]) -> Index:
    """Find the bucket of a number, see :class:`Bucket`."""
    return _known(number, lambda x: bucket_of(x, splits), len(splits) + 1) or Bucket(number, splits)


def category(number: Number, count: int) -> Index:
    """Cut a number to a category, see :class:`Category`."""
    return _known(number, lambda x: category_of(x, count), count + 1) or Category(number, count)


def rank(number: Number, values: Sequence[float]) -> Index:
    """Find the position of a number, see :class:`Rank`."""
    places = {value: place for place, value in enumerate(values)}
    count = len(values)
    return _known(number, lambda x: places.get(x, count), count + 1) or Rank(number, tuple(values))


def index_in(index: Index, among: Sequence[int]) -> Truth | None:
    """Ask whether an index is one of some; None if it never is."""
    wanted = frozenset(among)
    if isinstance(index, Remap):
        wanted, index = frozenset(i for i, to in enumerate(index.table) if to in wanted), index.index
    if isinstance(index, Fixed):
        wanted &= {index.value}
    return IndexIn(index, wanted) if wanted else None


def bucket_of(x: float, splits: Sequence[float]) -> int:
    """Find the bucket of one number, see :class:`Bucket`."""
    buckets = len(splits) - 1
    if x != x:
        return buckets
    if x == splits[-1]:
        return buckets - 1
    found = bisect_right(splits, x) - 1
    if x == 0.0 and found >= 0 and splits[found] == 0.0 and math.copysign(1.0, x) < 0.0:
        # Splits may hold -0.0 themselves, which the JVM finds.
        found -= math.copysign(1.0, splits[found]) > 0.0
    return found if 0 <= found < buckets else buckets + 1


def category_of(x: float, count: int) -> int:
    """Cut one number to a category, see :class:`Category`."""
    return int(x) if 0.0 <= x < count else count


def _known(number: Number, of: Callable[[float], int], size: int) -> Index | None:
    """Work a function of a number that can only take a few values into a table."""
    if isinstance(number, Constant):
        return Fixed(of(number.value), size)
    if isinstance(number, FromIndex):
        return remap([of(float(each)) for each in range(number.index.size)], number.index, size)
    if isinstance(number, Lookup):
        return remap([of(each) for each in number.table], number.index, size)
    return None
