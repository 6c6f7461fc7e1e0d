"""Naive Bayes: the logarithm of the chance of a row's features in each class."""

from __future__ import annotations

import math
from types import MappingProxyType

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.operators.classes import Classes, chosen, class_count, of_all
from days_to_sell.scoring.operators.logistic import linear_functions
from days_to_sell.scoring.plan.expressions import Compare, Constant, Reduced
from days_to_sell.scoring.plan.vectors import ONE, Piece, Sparse, Vector

_TYPES = MappingProxyType({each: each for each in ("bernoulli", "complement", "multinomial")})


def naive_bayes(node: Node) -> Classes:
    """Classify by Bayes' rule, as if features were independent within a class.

    Spark's NaiveBayes has a fourth type, gaussian, whose variances MLeap does not export.
    """
    kind = node.attributes.choice("model_type", _TYPES)
    weights = node.attributes.matrix("theta")
    starts = node.attributes.vector("pi")
    class_count(node, len(weights), len(starts))
    _refuse_features(node, len(weights[0]), binary=kind == "bernoulli")
    if kind == "bernoulli":
        absent = [[_log_of_rest(log) for log in row] for row in weights]
        starts = tuple(start + sum(row) for start, row in zip(starts, absent, strict=True))
        weights = tuple(
            tuple(a - b for a, b in zip(row, rest, strict=True))
            for row, rest in zip(weights, absent, strict=True)
        )
    if kind == "complement":
        raw = of_all("less_log_sum", linear_functions(node, weights, (0.0,) * len(weights)))
    else:
        raw = linear_functions(node, weights, starts)
    probability = of_all("softmax", raw)
    return Classes(raw, probability, chosen(node.attributes, raw, probability))


def _log_of_rest(log: float) -> float:
    """Give the logarithm of one minus the chance that a logarithm stands for."""
    if log >= 0.0 or math.exp(log) == 1.0:
        raise BundleError(
            "attribute 'theta' must hold logarithms of chances below one for model type bernoulli"
        )
    return math.log1p(-math.exp(log))


def _refuse_features(node: Node, width: int, binary: bool) -> None:
    """Refuse features that are no counts, as Spark does."""
    pieces = node.vector("features", width).pieces
    doubtful = Vector(tuple(piece for piece in pieces if not _one_hot(piece)))
    if not doubtful.width:
        return
    function, due = ("any_not_binary", "0 and 1") if binary else ("any_negative", "numbers not below zero")
    node.refuse(
        Compare("==", Reduced(function, doubtful.packed()), ONE),
        f"column {node.column_in('features')!r} must hold {due} only, for {node.name!r} counts with them",
    )


def _one_hot(piece: Piece) -> bool:
    if not isinstance(piece, Sparse) or len(piece.entries) != 1:
        return False
    _, value = piece.entries[0]
    return isinstance(value, Constant) and value.value == 1.0
