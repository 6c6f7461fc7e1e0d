"""Large forests in single rows: which leaves can still be reached, as bits of one number.

Each split that a row goes right at rules out the leaves to its left. What all splits of one feature rule out
depends on where its value stands among their thresholds alone, so it is looked up; the leaf of a tree is the
first that no feature rules out. The work grows with the number of features, not with that of splits (Lucchese
et al., QuickScorer: a fast algorithm to rank documents with additive ensembles of regression trees, 2015).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import getitem, itemgetter
from struct import Struct
from typing import Any

from days_to_sell.scoring.plan.forests import Tree, masks_of

# Below, code compiled from the trees is faster. Above, masks would take too much memory, or too long to make:
# a step is a mask of a tree changed or put in its place, some hundred nanoseconds.
LEAST_SPLITS, MAX_BYTES, MAX_STEPS = 2_000, 32 << 20, 4_000_000
# How numbers of so many bits are unpacked; those of wider ones stay bytes.
_CODES = {8: "B", 16: "H", 32: "I", 64: "Q"}
# A split's place: its tree, and a mask of the leaves to its left.
Place = tuple[int, int]


@dataclass
class Conditions:
    """What the splits of a forest ask, each question once.

    Args:
        splits: Number of splits.
        leaves: Most leaves that a tree has.
        thresholds: Those of each feature.
        categories: Those of each feature that any split names.
        by_category: How many splits of each feature name categories.
    """

    splits: int = 0
    leaves: int = 0
    thresholds: dict[int, set[float]] = field(default_factory=dict)
    categories: dict[int, set[float]] = field(default_factory=dict)
    by_category: Counter[int] = field(default_factory=Counter)

    def suit(self, trees: int) -> bool:
        """Say whether masks of so many trees are worth their memory and the time to make them."""
        asked = sum(map(len, self.thresholds.values())) + sum(map(len, self.categories.values()))
        steps = asked * trees + sum(self.by_category[each] * len(of) for each, of in self.categories.items())
        room = asked * trees * bits_for(self.leaves) // 8
        return self.splits >= LEAST_SPLITS and room <= MAX_BYTES and steps <= MAX_STEPS


def bits_for(leaves: int) -> int:
    """Choose how many bits stand for a tree of so many leaves."""
    return next((bits for bits in _CODES if bits >= leaves), -(-leaves // 8) * 8)


def masked(
    trees: Sequence[Tree],
    features: Sequence[int],
    weights: Sequence[float] | None,
    leaves: Sequence[Sequence[float]],
) -> Callable[..., Any]:
    """Make the function of features that a grove of these trees stands for."""
    places: dict[int, list[tuple[float, Place]]] = {}
    members: dict[int, list[tuple[frozenset[float], Place]]] = {}
    ends = []
    for number, tree in enumerate(trees):
        of_tree: list[int] = []
        for split, mask in masks_of(tree, of_tree):
            if split.categories is None:
                places.setdefault(split.feature, []).append((split.threshold, (number, mask)))
            else:
                members.setdefault(split.feature, []).append((split.categories, (number, mask)))
        ends.append(of_tree)
    size = bits_for(max(map(len, ends))) // 8
    all_leaves = [(1 << 8 * size) - 1] * len(trees)
    names: dict[str, Any] = {"__builtins__": {}, "bisect": bisect_left, "map": map, "sum": sum, "list": list}
    terms = []
    for feature, asked in places.items():
        names[f"t{feature}"], names[f"m{feature}"] = _by_threshold(asked, all_leaves, size)
        terms.append(f"m{feature}[bisect(t{feature}, x{feature}) if x{feature} == x{feature} else -1]")
    for feature, named in members.items():
        found, names[f"o{feature}"] = _by_category(named, all_leaves, size)
        names[f"c{feature}"] = found.get
        terms.append(f"c{feature}(x{feature}, o{feature})")
    code = _CODES.get(8 * size)
    names["unpack"] = Struct(f"<{len(trees)}{code}" if code else "<" + f"{size}s" * len(trees)).unpack
    names["first"] = _joined([1] * len(trees), size)
    names["getitem"] = getitem
    names["tables"] = [
        {
            (1 << bit) if code else (1 << bit).to_bytes(size, "little"): leaf
            if weights is None
            else weights[number] * leaves[leaf][0]
            for bit, leaf in enumerate(of_tree)
        }
        for number, of_tree in enumerate(ends)
    ]
    arguments = [f"x{feature}" for feature in features]
    # Taking one from every tree's bits flips its first that is set, and those before it.
    chosen = f"unpack((left ^ (left & (left - first))).to_bytes({size * len(trees)}, 'little'))"
    added = f"sum(map(getitem, tables, {chosen}), s)"
    source = (
        f"def grove({', '.join(arguments if weights is None else ['s', *arguments])}):\n"
        f"    left = {' & '.join(terms)}\n"
        f"    return {f'list(map(getitem, tables, {chosen}))' if weights is None else added}\n"
    )
    # Only numbers of features are in the source.
    exec(compile(source, "<trees>", "exec"), names)  # noqa: S102 - see above
    made: Callable[..., Any] = names["grove"]
    return made


def _by_threshold(
    asked: list[tuple[float, Place]], all_leaves: list[int], size: int
) -> tuple[list[float], list[int]]:
    """Give thresholds in order, and what is left of all trees with so many of them exceeded."""
    thresholds: list[float] = []
    left, remaining = [_joined(all_leaves, size)], list(all_leaves)
    asked.sort(key=itemgetter(0))
    for threshold, (tree, mask) in asked:
        if not thresholds or threshold != thresholds[-1]:
            if thresholds:
                left.append(_joined(remaining, size))
            thresholds.append(threshold)
        remaining[tree] &= ~mask
    return thresholds, [*left, _joined(remaining, size)]


def _by_category(
    named: list[tuple[frozenset[float], Place]], all_leaves: list[int], size: int
) -> tuple[Mapping[float, int], int]:
    """Give what is left of all trees with each category, and with any other."""

    def left(category: float | None) -> int:
        remaining = list(all_leaves)
        for categories, (tree, mask) in named:
            if category not in categories:
                remaining[tree] &= ~mask
        return _joined(remaining, size)

    known = {category for categories, _ in named for category in categories}
    return {category: left(category) for category in known}, left(None)


def _joined(of_trees: Sequence[int], size: int) -> int:
    """Put the bits of all trees into one number, the first tree lowest."""
    return int.from_bytes(b"".join([bits.to_bytes(size, "little") for bits in of_trees]), "little")
