"""Forests of small trees over many rows: the leaves that can still be reached are bits of a number.

Each split that a row goes right at rules out the leaves to its left. What all splits of one feature rule out
depends on where its value stands among their thresholds alone, so it is looked up, for all trees at once; the
leaf of a tree is the first that no feature rules out (Lucchese et al., QuickScorer: a fast algorithm to rank
documents with additive ensembles of regression trees, 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.scoring.batches.indices import ranks
from days_to_sell.scoring.plan.forests import Forest, Split, Tree, masks_of

Array: TypeAlias = NDArray[Any]
Rank: TypeAlias = Callable[[Array], Array]

# Pairs of tree and row that are looked at at once: what stays in a processor's cache.
PAIRS = 1 << 15
FEWEST_ROWS = 16
# Wider trees, and tables that take more memory than this, are better walked.
MAX_LEAVES, MAX_BYTES = 64, 16 << 20


@dataclass(frozen=True)
class Width:
    """How a tree's bits are kept, and how the place of a power of two is read off a float's exponent.

    Args:
        bits: The bits.
        power: The float that holds any of them exactly.
        exponent: An integer as wide as that float.
        fraction: Bits of the float behind its exponent.
        bias: The exponent of 1.
    """

    bits: type[np.unsignedinteger[Any]]
    power: type[np.floating[Any]]
    exponent: type[np.signedinteger[Any]]
    fraction: int
    bias: int


NARROW = Width(np.uint32, np.float32, np.int32, 23, 127)
WIDE = Width(np.uint64, np.float64, np.int64, 52, 1023)


@dataclass(frozen=True, eq=False)
class Question:
    """What all trees ask of one feature.

    Args:
        feature: The feature's position among those of the forest.
        rank: Finds where numbers stand.
        left: For each rank, the leaves of each tree that it leaves, of shape (ranks, trees).
    """

    feature: int
    rank: Rank
    left: Array


@dataclass(frozen=True, eq=False)
class Masks:
    """The leaves of all trees, from left to right, and what rules them out.

    Args:
        questions: One for each feature, two where a feature is split by threshold and by category.
        first: Place of the first leaf of each tree.
        sizes: Number of leaves of each tree.
        leaf: Position of each leaf among the forest's leaves.
        width: How the bits of a tree are kept.
    """

    questions: tuple[Question, ...]
    first: NDArray[np.intp]
    sizes: tuple[int, ...]
    leaf: NDArray[np.intp]
    width: Width

    def walk(self, features: Sequence[Array]) -> Iterator[NDArray[np.intp]]:
        """Find the leaf of each tree that each row ends in, some rows at a time.

        Args:
            features: The features of the forest, in their order, each an array over the rows.

        Returns:
            Places of leaves by tree and row.
        """
        columns = np.broadcast_arrays(*features) if features else []
        count = len(columns[0]) if columns else 1
        found = [each.rank(columns[each.feature]) for each in self.questions]
        at_once = max(FEWEST_ROWS, PAIRS // len(self.first))
        left = np.empty((min(at_once, count), len(self.first)), dtype=self.width.bits)
        more = np.empty_like(left)
        for start in range(0, count or 1, at_once):
            rows = min(at_once, count - start)
            yield self._first_left([each[start : start + rows] for each in found], left[:rows], more[:rows])

    def of_nodes(self, of_trees: Sequence[float]) -> NDArray[np.float64]:
        """Give each leaf what is its tree's."""
        return np.repeat(np.array(of_trees, dtype=np.float64), self.sizes)

    def _first_left(self, found: Sequence[Array], left: Array, more: Array) -> NDArray[np.intp]:
        left.fill(~self.width.bits(0))
        for each, rank in zip(self.questions, found, strict=True):
            # All within bounds by construction; "clip" spares a check and a copy.
            each.left.take(rank, axis=0, out=more, mode="clip")
            np.bitwise_and(left, more, out=left)
        # Of two's complement, a number and its negative have the lowest bit alone in common.
        np.negative(left, out=more)
        np.bitwise_and(left, more, out=left)
        powers = left.astype(self.width.power).view(self.width.exponent)
        powers >>= self.width.fraction
        places: NDArray[np.intp] = np.add(powers.T, (self.first - self.width.bias)[:, None], order="C")
        return places


def find_masks(forest: Forest) -> Masks | None:
    """Put the leaves of a forest into masks, unless its trees are too large for them."""
    leaf: list[int] = []
    first, sizes = [], []
    by_threshold: dict[int, list[tuple[float, int, int]]] = {}
    by_category: dict[int, list[tuple[frozenset[float], int, int]]] = {}
    for number, tree in enumerate(forest.trees):
        if _leaves(tree) > MAX_LEAVES:
            return None
        ends: list[int] = []
        for split, mask in masks_of(tree, ends):
            if split.categories is None:
                by_threshold.setdefault(split.feature, []).append((split.threshold, number, mask))
            else:
                by_category.setdefault(split.feature, []).append((split.categories, number, mask))
        first.append(len(leaf))
        sizes.append(len(ends))
        leaf += ends
    asked = sum(map(len, by_threshold.values()))
    asked += sum(len(set().union(*(each[0] for each in found))) for found in by_category.values())
    width = NARROW if max(sizes, default=0) <= 32 else WIDE
    if asked * len(sizes) * width.bits(0).nbytes > MAX_BYTES:
        return None
    known = {feature: position for position, feature in enumerate(forest.features)}
    questions = [
        Question(known[feature], *_thresholds(splits, len(sizes), width))
        for feature, splits in by_threshold.items()
    ]
    questions += [
        Question(known[feature], *_categories(splits, len(sizes), width))
        for feature, splits in by_category.items()
    ]
    places = np.array(first, dtype=np.intp), np.array(leaf, dtype=np.intp)
    return Masks(tuple(questions), places[0], tuple(sizes), places[1], width)


def _leaves(tree: Tree) -> int:
    """Count the leaves of a tree, up to one too many."""
    count, waiting = 0, [tree]
    while waiting and count <= MAX_LEAVES:
        each = waiting.pop()
        if isinstance(each, Split):
            waiting += (each.left, each.right)
        else:
            count += 1
    return count


def _thresholds(splits: list[tuple[float, int, int]], trees: int, width: Width) -> tuple[Rank, Array]:
    """Give how many thresholds a number is above, NaN above all, and what is left then."""
    thresholds = np.unique([threshold for threshold, _, _ in splits])
    left = np.full((len(thresholds) + 1, trees), ~width.bits(0))
    for threshold, tree, mask in splits:
        left[np.searchsorted(thresholds, threshold) + 1 :, tree] &= ~width.bits(mask)
    return lambda numbers: np.searchsorted(thresholds, numbers), left


def _categories(
    splits: list[tuple[frozenset[float], int, int]], trees: int, width: Width
) -> tuple[Rank, Array]:
    """Give a number's place among the categories that any split names, any other last, and what is left."""
    values = sorted(set().union(*(categories for categories, _, _ in splits)))
    left = np.full((len(values) + 1, trees), ~width.bits(0))
    for categories, tree, mask in splits:
        outside = [value not in categories for value in values]
        left[[*outside, True], tree] &= ~width.bits(mask)
    return ranks(values), left
