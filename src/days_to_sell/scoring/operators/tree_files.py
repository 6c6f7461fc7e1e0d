"""Reading trees: one JSON object a line, each inner node before its left and right branch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from days_to_sell.errors import BundleError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.folder import Folder, parse_object
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
        lines = (line for line in folder.text("tree.json").splitlines() if line.strip())
        try:
            tree = self._branch(lines, MAX_DEPTH)
            if next(lines, None) is not None:
                raise BundleError("goes on after the end of the tree")
        except StopIteration:
            raise BundleError(f"file '{folder.path}/tree.json' ends in the middle of the tree") from None
        except BundleError as error:
            raise BundleError(f"file '{folder.path}/tree.json': {error}") from error
        return tree

    def _branch(self, lines: Iterator[str], depth: int) -> Tree:
        record = parse_object(next(lines), "a line")
        if record.get("type") == "leaf":
            return self._leaf(record)
        if record.get("type") != "internal" or depth == 0:
            raise BundleError(f"has a node that is no leaf or split, or lies deeper than {MAX_DEPTH}")
        feature, threshold, categories, swapped = _read_split(record.get("split"), self.width)
        first = self._branch(lines, depth - 1)
        second = self._branch(lines, depth - 1)
        return Split(feature, threshold, categories, *((second, first) if swapped else (first, second)))

    def _leaf(self, record: dict[str, Any]) -> int:
        values = Attributes({"values": {"double": record.get("values"), "type": "list"}}).doubles("values")
        # A regression tree's leaf may hold more than its prediction, which comes first.
        if not values:
            raise BundleError("has a leaf without a value")
        if self.outputs > 1 and len(values) != self.outputs:
            raise BundleError(f"has a leaf of {len(values)} values where {self.outputs} are due")
        self.leaves.append(values[: self.outputs])
        return len(self.leaves) - 1


def _read_split(split: Any, width: int) -> tuple[int, float, frozenset[float] | None, bool]:
    """Read feature, threshold, categories, and whether those are the categories of the right branch."""
    if not isinstance(split, dict):
        raise BundleError("has an inner node without a split")
    feature = split.get("featureIndex")
    if type(feature) is not int or not 0 <= feature < width:
        raise BundleError(f"splits on feature {feature!r:.20} of {width}")
    if split.get("type") == "continuous":
        threshold = Attributes({"threshold": {"double": split.get("threshold")}}).double("threshold")
        return feature, threshold, None, False
    categories, is_left = split.get("categories"), split.get("isLeft")
    if split.get("type") != "categorical" or not isinstance(is_left, bool):
        raise BundleError("has a split that is neither continuous nor categorical")
    values = Attributes({"categories": {"double": categories, "type": "list"}}).doubles("categories")
    return feature, math.nan, frozenset(values), not is_left
