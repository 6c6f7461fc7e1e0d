"""Trees that classify, alone and in ensembles."""

from __future__ import annotations

import math
from dataclasses import replace

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.operators.classes import (
    Classes,
    chosen,
    class_count,
    logistic,
    of_all,
    require_two,
    sides,
)
from days_to_sell.scoring.operators.tree_files import read_forest
from days_to_sell.scoring.operators.trees import boosted, tree_names
from days_to_sell.scoring.plan.forests import Forest
from days_to_sell.scoring.plan.vectors import ForestVote, stored


def decision_tree_classifier(node: Node) -> Classes:
    """Classify by the training rows in the leaf, counted by class."""
    count = class_count(node)
    forest = read_forest(node, [node.folder], outputs=count)
    _require_counts(forest)
    return _elected(node, forest, count)


def random_forest_classifier(node: Node) -> Classes:
    """Classify by the sum of what trees say, each by the shares of its leaf."""
    count = class_count(node)
    folders = [node.folder.folder(name) for name in tree_names(node)]
    forest = read_forest(node, folders, outputs=count)
    _require_counts(forest)
    return _elected(node, replace(forest, leaves=tuple(map(_shares, forest.leaves))), count)


def gbt_classifier(node: Node) -> Classes:
    """Classify by the sign of boosted trees; they are fitted to the half of the log odds."""
    require_two(node)
    margin = boosted(node)
    raw, probability = sides(margin), logistic(margin, 2.0)
    return Classes(raw, probability, chosen(node.attributes, raw, probability))


def _elected(node: Node, forest: Forest, count: int) -> Classes:
    raw = stored(ForestVote(forest, (1.0,) * len(forest.trees), count), count)
    probability = of_all("normalized", raw)
    return Classes(raw, probability, chosen(node.attributes, raw, probability))


def _require_counts(forest: Forest) -> None:
    for leaf in forest.leaves:
        if min(leaf) < 0.0 or sum(leaf) == 0.0:
            raise BundleError("has a leaf that counts no training rows, or less than none of a class")
        if math.isinf(sum(leaf)):
            raise BundleError("has a leaf that counts too many training rows to add them up")


def _shares(leaf: tuple[float, ...]) -> tuple[float, ...]:
    total = sum(leaf)
    return tuple(value / total for value in leaf)
