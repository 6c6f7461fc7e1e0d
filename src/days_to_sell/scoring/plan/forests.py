"""Trees over the elements of a vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

from days_to_sell.scoring.plan.vectors import Vector


class Split(NamedTuple):
    """An inner node: left if in ``categories``, or, without them, at most ``threshold``; NaN goes right."""

    feature: int
    threshold: float
    categories: frozenset[float] | None
    left: Tree
    right: Tree


# A leaf is a position in the forest's table of leaves.
Tree: TypeAlias = Split | int


def masks_of(tree: Tree, ends: list[int]) -> Iterator[tuple[Split, int]]:
    """Give each split with a mask of the leaves to its left, and gather the leaves from left to right."""
    if not isinstance(tree, Split):
        ends.append(tree)
        return
    start = len(ends)
    yield from masks_of(tree.left, ends)
    yield tree, (1 << len(ends)) - (1 << start)
    yield from masks_of(tree.right, ends)


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees that read one vector.

    Args:
        trees: The trees.
        leaves: What the leaves of all trees answer, by their positions: for regression one number each, for
            classification one for each class.
        vector: What the trees read.
    """

    trees: tuple[Tree, ...]
    leaves: tuple[tuple[float, ...], ...]
    vector: Vector

    @cached_property
    def features(self) -> tuple[int, ...]:
        """The elements of the vector that any tree splits on, in ascending order."""
        found: set[int] = set()
        waiting = list(self.trees)
        while waiting:
            tree = waiting.pop()
            if isinstance(tree, Split):
                found.add(tree.feature)
                waiting += (tree.left, tree.right)
        return tuple(sorted(found))
