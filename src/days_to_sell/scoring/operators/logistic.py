"""Linear classifiers: logistic regression of two and of more classes, and the support vector machine."""

from __future__ import annotations

import math

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
from days_to_sell.scoring.operators.linear import predictor
from days_to_sell.scoring.plan.expressions import Choose, Compare, Constant, Number
from days_to_sell.scoring.plan.vectors import ONE, ZERO, Vector, cells

# What Spark and MLeap take where a bundle names no threshold.
DEFAULT_THRESHOLD = 0.5


def logistic_regression(node: Node) -> Classes:
    """Classify by the logistic of one linear function, or by the softmax of one for each class."""
    return _multinomial(node) if class_count(node) > 2 else _binary(node)


def linear_svc(node: Node) -> Classes:
    """Classify by the side of a plane."""
    require_two(node)
    margin = predictor(node)
    return Classes(sides(margin), None, _above(margin, node.attributes.double("threshold")))


def linear_functions(node: Node, weights: tuple[tuple[float, ...], ...], starts: tuple[float, ...]) -> Vector:
    """Give the products of the features with rows of weights, each added to its start."""
    features = node.vector("features", len(weights[0]))
    return cells([features.dot(row, start) for row, start in zip(weights, starts, strict=True)])


def _binary(node: Node) -> Classes:
    margin = predictor(node)
    threshold = DEFAULT_THRESHOLD
    if "threshold" in node.attributes:
        threshold = node.attributes.double("threshold")
    if not 0.0 <= threshold <= 1.0:
        raise BundleError(f"attribute 'threshold' must lie between 0 and 1, found {threshold}")
    return Classes(sides(margin), logistic(margin), _above(margin, _logit(threshold)))


def _multinomial(node: Node) -> Classes:
    weights = node.attributes.matrix("coefficient_matrix")
    starts = node.attributes.vector("intercept_vector")
    class_count(node, len(weights), len(starts))
    raw = linear_functions(node, weights, starts)
    probability = of_all("softmax", raw)
    return Classes(raw, probability, chosen(node.attributes, raw, probability))


def _above(margin: Number, threshold: float) -> Number:
    return Choose(Compare(">", margin, Constant(threshold)), ONE, ZERO)


def _logit(threshold: float) -> float:
    """Give the margin whose logistic is a threshold."""
    if threshold in (0.0, 1.0):
        return math.copysign(math.inf, threshold - 0.5)
    return math.log(threshold / (1.0 - threshold))
