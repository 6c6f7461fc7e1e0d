"""Regression trees, alone and in ensembles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from days_to_sell.errors import BundleError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.columns import NUMBER
from days_to_sell.scoring.folder import Folder, parse_object
from days_to_sell.scoring.node import Node, Row, Step

# Spark grows trees to depth 30 at most.
MAX_DEPTH = 64


class Split(NamedTuple):
    """An inner node: left if in ``categories``, or, without them, at most ``threshold``; NaN goes right."""

    feature: int
    threshold: float
    categories: frozenset[float] | None
    left: Tree
    right: Tree


Tree: TypeAlias = "Split | float"


def decision_tree_regression(node: Node) -> Step:
    """Compile a single tree."""
    width = node.attributes.long("num_features")
    tree = _read_tree(node.folder, width)
    source, target = node.vector_in("features", width), node.write("prediction", NUMBER)

    def step(row: Row) -> None:
        row[target] = _predict(tree, row[source])

    return step


def random_forest_regression(node: Node) -> Step:
    """Compile a forest: the mean of its trees."""
    trees, source = _read_trees(node)
    target = node.write("prediction", NUMBER)

    def step(row: Row) -> None:
        vector = row[source]
        row[target] = sum([_predict(tree, vector) for tree in trees]) / len(trees)

    return step


def gbt_regression(node: Node) -> Step:
    """Compile boosted trees: their weighted sum."""
    trees, source = _read_trees(node)
    weights = node.attributes.doubles("tree_weights")
    if len(weights) != len(trees):
        raise BundleError(f"has {len(trees)} trees and {len(weights)} tree weights")
    target = node.write("prediction", NUMBER)
    weighted = list(zip(weights, trees, strict=True))

    def step(row: Row) -> None:
        vector = row[source]
        row[target] = sum([weight * _predict(tree, vector) for weight, tree in weighted])

    return step


def _predict(tree: Tree, vector: Sequence[float]) -> float:
    while type(tree) is Split:
        feature, threshold, categories, left, right = tree
        goes_left = vector[feature] <= threshold if categories is None else vector[feature] in categories
        tree = left if goes_left else right
    return tree  # type: ignore[return-value]


def _read_trees(node: Node) -> tuple[list[Tree], str]:
    """Read an ensemble's trees, and note the column that they read."""
    width = node.attributes.long("num_features")
    names = node.attributes.strings("trees")
    if not names:
        raise BundleError("has no trees")
    return [_read_tree(node.folder.folder(name), width) for name in names], node.vector_in("features", width)


def _read_tree(folder: Folder, width: int) -> Tree:
    """Read the tree of a folder: one JSON object a line, each inner node before its left and right branch."""
    lines = (line for line in folder.text("tree.json").splitlines() if line.strip())
    try:
        tree = _read_branch(lines, width, MAX_DEPTH)
        if next(lines, None) is not None:
            raise BundleError("goes on after the end of the tree")
    except StopIteration:
        raise BundleError(f"file '{folder.path}/tree.json' ends in the middle of the tree") from None
    except BundleError as error:
        raise BundleError(f"file '{folder.path}/tree.json': {error}") from error
    return tree


def _read_branch(lines: Iterator[str], width: int, depth: int) -> Tree:
    record = parse_object(next(lines), "a line")
    if record.get("type") == "leaf":
        values = Attributes({"values": {"double": record.get("values"), "type": "list"}}).doubles("values")
        if not values:
            raise BundleError("has a leaf without a value")
        return values[0]
    if record.get("type") != "internal" or depth == 0:
        raise BundleError(f"has a node that is no leaf or split, or lies deeper than {MAX_DEPTH}")
    feature, threshold, categories, swapped = _read_split(record.get("split"), width)
    first = _read_branch(lines, width, depth - 1)
    second = _read_branch(lines, width, depth - 1)
    return Split(feature, threshold, categories, *((second, first) if swapped else (first, second)))


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
