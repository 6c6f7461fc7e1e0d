"""Regression trees, alone and in ensembles."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.operators.tree_files import read_forest
from days_to_sell.scoring.plan.expressions import Arithmetic, Constant, ForestSum


def decision_tree_regression(node: Node) -> None:
    """Predict by a single tree."""
    node.write("prediction", ForestSum(read_forest(node, [node.folder], outputs=1), (1.0,)))


def random_forest_regression(node: Node) -> None:
    """Predict by the mean of the trees."""
    names = tree_names(node)
    forest = read_forest(node, [node.folder.folder(name) for name in names], outputs=1)
    total = ForestSum(forest, (1.0,) * len(names))
    node.write("prediction", Arithmetic("/", total, Constant(float(len(names)))))


def gbt_regression(node: Node) -> None:
    """Predict by the weighted sum of the trees."""
    node.write("prediction", boosted(node))


def boosted(node: Node) -> ForestSum:
    """Give the weighted sum of boosted trees."""
    names = tree_names(node)
    weights = node.attributes.doubles("tree_weights")
    if len(weights) != len(names):
        raise BundleError(f"has {len(names)} trees and {len(weights)} tree weights")
    return ForestSum(read_forest(node, [node.folder.folder(name) for name in names], outputs=1), weights)


def tree_names(node: Node) -> tuple[str, ...]:
    """Name the folders of an ensemble's trees."""
    names = node.attributes.strings("trees")
    if not names:
        raise BundleError("has no trees")
    return names
