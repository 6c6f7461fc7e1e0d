"""From numbers to zeros and ones."""

from __future__ import annotations

from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Choose, Compare, Constant, Number
from days_to_sell.scoring.plan.vectors import ONE, ZERO


def binarizer(node: Node) -> None:
    """Give 1 for what is above a threshold and 0 for what is not, of a number or of each element.

    NaN gives 0, but for NaN in a vector and a negative threshold, where Spark gives 1.
    """
    threshold = node.attributes.double("threshold")
    width = node.attributes.width("input_shapes")
    if width is None:
        node.write("output", _above(node.number("input"), threshold))
        return
    vector = node.vector("input", width)

    def element(number: Number) -> Number:
        if threshold < 0.0:
            return Choose(Compare("<=", number, Constant(threshold)), ZERO, ONE)
        return _above(number, threshold)

    node.write("output", vector.mapped(element, keeps_zero=threshold >= 0.0))


def _above(number: Number, threshold: float) -> Number:
    return Choose(Compare(">", number, Constant(threshold)), ONE, ZERO)
