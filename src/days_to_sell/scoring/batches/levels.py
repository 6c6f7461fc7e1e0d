"""Forests of large trees over many rows: all trees go down one level at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.scoring.batches.indices import ranks
from days_to_sell.scoring.plan.forests import Forest, Split, Tree

Array: TypeAlias = NDArray[Any]

# Pairs of tree and row, and numbers compared, that are looked at at once: what stays in a processor's cache.
PAIRS, CELLS = 1 << 15, 1 << 17
FEWEST_ROWS = 16


@dataclass(frozen=True, eq=False)
class Membership:
    """Splits by category of one feature.

    Args:
        feature: The feature's position among those of the forest.
        rank: Finds a number among the categories that any of the splits names; their number for any other.
        outside: For each rank whether it is outside of each split's categories.
    """

    feature: int
    rank: Callable[[Array], Array]
    outside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Levels:
    """The nodes of all trees in flat arrays; a node's right branch stands just before its left one.

    Args:
        roots: Root of each tree, the deepest tree first.
        order: For each tree of the forest its place among ``roots``.
        sizes: Number of nodes of each tree of the forest; they stand in the forest's order.
        active: For each level, how many of the ``roots`` have nodes below it.
        right: Right branch of each node; a leaf stays where it is.
        compared: Which number of a row a node looks at: features of the forest come first, behind them one
            for each different split by category, which is 0 inside of it and 1 outside.
        threshold: Up to which number a row goes left; NaN, which nothing is up to, at a leaf.
        leaf: Position of a leaf among the forest's leaves.
        memberships: The splits by category, in the order of their numbers.
        width: How many numbers are compared in each row.
    """

    roots: NDArray[np.intp]
    order: NDArray[np.intp]
    sizes: tuple[int, ...]
    active: tuple[int, ...]
    right: NDArray[np.intp]
    compared: NDArray[np.intp]
    threshold: NDArray[np.float64]
    leaf: NDArray[np.intp]
    memberships: tuple[Membership, ...]
    width: int

    def walk(self, features: Sequence[Array]) -> Iterator[NDArray[np.intp]]:
        """Find the node of each tree that each row ends in, some rows at a time.

        Args:
            features: The features of the forest, in their order, each an array over the rows.

        Returns:
            Nodes by tree and row.
        """
        columns = np.broadcast_arrays(*features) if features else []
        count = len(columns[0]) if columns else 1
        at_once = max(FEWEST_ROWS, min(PAIRS // len(self.roots), CELLS // max(1, self.width)))
        for start in range(0, count or 1, at_once):
            numbers = self._numbers([each[start : start + at_once] for each in columns])
            yield self._descend(numbers).take(self.order, axis=0)

    def of_nodes(self, of_trees: Sequence[float]) -> NDArray[np.float64]:
        """Give each node what is its tree's."""
        return np.repeat(np.array(of_trees, dtype=np.float64), self.sizes)

    def _numbers(self, columns: Sequence[Array]) -> NDArray[np.float64]:
        """Put together what nodes compare, row by row."""
        numbers = np.empty((len(columns[0]) if columns else 1, self.width))
        for position, column in enumerate(columns):
            numbers[:, position] = column
        position = len(columns)
        for each in self.memberships:
            outside = each.outside.take(each.rank(columns[each.feature]), axis=0)
            numbers[:, position : position + outside.shape[1]] = outside
            position += outside.shape[1]
        return numbers

    def _descend(self, numbers: NDArray[np.float64]) -> NDArray[np.intp]:
        rows = len(numbers)
        nodes = np.repeat(self.roots[:, None], rows, axis=1)
        first_numbers, flat = np.arange(rows) * self.width, numbers.ravel()
        places, left = np.empty_like(nodes), np.empty(nodes.shape, dtype=bool)
        found, limits = np.empty(nodes.shape), np.empty(nodes.shape)
        for active in self.active:
            node, place, number, limit = nodes[:active], places[:active], found[:active], limits[:active]
            # All within bounds by construction; "clip" spares a check and a copy.
            self.compared.take(node, out=place, mode="clip")
            np.add(place, first_numbers, out=place)
            flat.take(place, out=number, mode="clip")
            self.threshold.take(node, out=limit, mode="clip")
            np.less_equal(number, limit, out=left[:active])
            self.right.take(node, out=place, mode="clip")
            np.add(place, left[:active], out=node)
        return nodes


def lay_out_levels(forest: Forest) -> Levels:
    """Put the nodes of a forest into arrays."""
    nodes: list[Tree] = []
    right: list[int] = []
    roots, depths, sizes = [], [], []
    for tree in forest.trees:
        roots.append(len(nodes))
        depths.append(_append(tree, nodes, right))
        sizes.append(len(nodes) - roots[-1])
    order = np.argsort([-depth for depth in depths], kind="stable")
    known = {feature: position for position, feature in enumerate(forest.features)}
    memberships, places = _memberships(nodes, known)
    compared, threshold, leaf = [], [], []
    for node in nodes:
        if not isinstance(node, Split):
            compared.append(0)
            threshold.append(np.nan)
            leaf.append(node)
            continue
        by_category = node.categories is not None
        compared.append(places[node.feature, node.categories] if by_category else known[node.feature])
        threshold.append(0.5 if by_category else node.threshold)
        leaf.append(0)
    return Levels(
        roots=np.array(roots, dtype=np.intp)[order],
        order=np.argsort(order),
        sizes=tuple(sizes),
        active=tuple(sum(depth > level for depth in depths) for level in range(max(depths, default=0))),
        right=np.array(right, dtype=np.intp),
        compared=np.array(compared, dtype=np.intp),
        threshold=np.array(threshold, dtype=np.float64),
        leaf=np.array(leaf, dtype=np.intp),
        memberships=memberships,
        width=len(known) + len(places),
    )


def _append(tree: Tree, nodes: list[Tree], right: list[int]) -> int:
    """Append the nodes of a tree, level by level, and their right branches; give its depth."""
    place, depth, below = len(nodes), -1, len(nodes)
    nodes.append(tree)
    while place < len(nodes):
        if place == below:
            depth, below = depth + 1, len(nodes)
        node = nodes[place]
        if isinstance(node, Split):
            right.append(len(nodes))
            nodes += (node.right, node.left)
        else:
            right.append(place)
        place += 1
    return depth


Condition: TypeAlias = tuple[int, frozenset[float] | None]


def _memberships(
    nodes: Sequence[Tree], known: dict[int, int]
) -> tuple[tuple[Membership, ...], dict[Condition, int]]:
    """Gather the different splits by category, and number them from the number of features on."""
    splits: dict[int, dict[frozenset[float], None]] = {}
    for node in nodes:
        if isinstance(node, Split) and node.categories is not None:
            splits.setdefault(node.feature, {})[node.categories] = None
    memberships, places = [], dict[Condition, int]()
    for feature, found in splits.items():
        values = sorted({value for categories in found for value in categories})
        outside = np.ones((len(values) + 1, len(found)), dtype=bool)
        rank = {value: position for position, value in enumerate(values)}
        for column, categories in enumerate(found):
            outside[[rank[value] for value in categories], column] = False
            places[feature, categories] = len(known) + len(places)
        memberships.append(Membership(known[feature], ranks(values), outside))
    return tuple(memberships), places
