"""Reading trees: one JSON object a line, each inner node before its left and right branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

from days_to_sell.errors import BundleError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.folder import Folder, parse_lines
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.forests import Forest, Split, Tree

# Spark grows trees to depth 30 at most.
MAX_DEPTH = 64


def read_forest(node: Node, folders: Sequence[Folder], outputs: int) -> Forest:
    """Read the trees of some folders, which all split on the vector of the port ``features``.

    Args:
        node: The node of the ensemble.
        folders: Folder of each tree.
        outputs: Numbers that each leaf answers.

    Raises:
        BundleError: A tree is damaged; names its file.
    """
    width = node.attributes.long("num_features")
    reader = _Reader(width, outputs)
    trees = tuple(reader.read(folder) for folder in folders)
    return Forest(trees, tuple(reader.leaves), node.vector("features", width))


@dataclass
class _Reader:
    width: int
    outputs: int
    leaves: list[tuple[float, ...]] = field(default_factory=list)

    def read(self, folder: Folder) -> Tree:
        """Read the tree of a folder."""
        try:
            return self._grow(parse_lines(folder.text("tree.json")))
        except BundleError as error:
            raise BundleError(f"file '{folder.path}/tree.json': {error}") from error

    def _grow(self, records: Sequence[dict[str, Any]]) -> Tree:
        # Read backwards, every node finds its branches grown, without a call for each.
        grown: list[Tree] = []
        depths: list[int] = []
        for record in reversed(records):
            kind = record.get("type")
            if kind == "leaf":
                self.leaves.append(self._leaf(record.get("values")))
                grown.append(len(self.leaves) - 1)
                depths.append(0)
                continue
            if kind != "internal":
                raise BundleError("has a node that is no leaf or split")
            if len(grown) < 2:
                raise BundleError("ends in the middle of the tree")
            feature, threshold, categories, swapped = _read_split(record.get("split"), self.width)
            first, second = grown.pop(), grown.pop()
            if swapped:
                first, second = second, first
            grown.append(Split(feature, threshold, categories, first, second))
            depths.append(1 + max(depths.pop(), depths.pop()))
            if depths[-1] > MAX_DEPTH:
                raise BundleError(f"has a node that lies deeper than {MAX_DEPTH} splits")
        if not grown:
            raise BundleError("ends in the middle of the tree")
        if len(grown) > 1:
            raise BundleError("goes on after the end of the tree")
        return grown[0]

    def _leaf(self, values: Any) -> tuple[float, ...]:
        # What every leaf of a regression looks like costs no call.
        if type(values) is list and len(values) == 1 == self.outputs:
            value = values[0]
            if type(value) is float and isfinite(value):
                return (value,)
        numbers = Attributes({"values": {"double": values, "type": "list"}}).doubles("values")
        # A regression tree's leaf may hold more than its prediction, which comes first.
        if not numbers:
            raise BundleError("has a leaf without a value")
        if self.outputs > 1 and len(numbers) != self.outputs:
            raise BundleError(f"has a leaf of {len(numbers)} values where {self.outputs} are due")
        return numbers[: self.outputs]


def _read_split(split: Any, width: int) -> tuple[int, float, frozenset[float] | None, bool]:
    """Read feature, threshold, categories, and whether those are the categories of the right branch."""
    if not isinstance(split, dict):
        raise BundleError("has an inner node without a split")
    feature = split.get("featureIndex")
    if type(feature) is not int or not 0 <= feature < width:
        raise BundleError(f"splits on feature {feature!r:.20} of {width}")
    if split.get("type") == "continuous":
        threshold: Any = split.get("threshold")
        if type(threshold) is not float or not isfinite(threshold):
            threshold = Attributes({"threshold": {"double": threshold}}).double("threshold")
        return feature, threshold, None, False
    categories, is_left = split.get("categories"), split.get("isLeft")
    if split.get("type") != "categorical" or not isinstance(is_left, bool):
        raise BundleError("has a split that is neither continuous nor categorical")
    if (
        type(categories) is not list
        or set(map(type, categories)) - {float}
        or not all(map(isfinite, categories))
    ):
        known = Attributes({"categories": {"double": categories, "type": "list"}})
        categories = known.doubles("categories")
    count = Attributes({"numCategories": {"int": split.get("numCategories")}}).integer("numCategories")
    if not is_left and 2 * len(categories) == count:
        # Of two halves the bundle names the right one and Spark asks the left one, where what is in neither
        # goes right.
        return feature, nan, frozenset(map(float, range(count))).difference(categories), False
    return feature, nan, frozenset(categories), not is_left
