"""Scalers: each element of a vector by what was learnt of it."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Arithmetic, Choose, Constant, IsNaN, Number
from days_to_sell.scoring.plan.vectors import Applied, cells, stored, times


def standard_scaler(node: Node) -> None:
    """Take the mean away and divide by the standard deviation, each if the bundle has it.

    A feature that did not vary becomes zero where it is divided.
    """
    known = [node.attributes.vector(name) for name in ("mean", "std") if name in node.attributes]
    if not known or len({len(each) for each in known}) > 1:
        raise BundleError("needs attributes 'mean' or 'std', of the same length if both are there")
    vector = node.vector("input", len(known[0]))
    if "mean" in node.attributes:
        vector = vector.shifted([-each for each in node.attributes.vector("mean")])
    if "std" in node.attributes:
        vector = vector.scaled(_reciprocals(node, "std", of_zero=0.0))
    node.write("output", vector)


def min_max_scaler(node: Node) -> None:
    """Move the range of each feature to another; what did not vary becomes the middle of it, NaN stays."""
    lowest, highest = node.attributes.vector("min"), node.attributes.vector("max")
    if len(lowest) != len(highest):
        raise BundleError(f"has {len(lowest)} values in 'min' and {len(highest)} in 'max'")
    low = node.attributes.double("minValue") if "minValue" in node.attributes else 0.0
    high = node.attributes.double("maxValue") if "maxValue" in node.attributes else 1.0
    if low >= high:
        raise BundleError(f"'minValue' must be below 'maxValue', found {low} and {high}")
    vector = node.vector("input", len(lowest))

    def element(number: Number, least: float, most: float) -> Number:
        factor = (high - low) / (most - least) if most != least else 0.0
        if factor == 0.0:
            return Choose(IsNaN(number), number, Constant((low + high) / 2.0))
        inside = times(Arithmetic("-", number, Constant(least)), Constant(factor))
        return Arithmetic("+", inside, Constant(low))

    scaled = [element(*each) for each in zip(vector, lowest, highest, strict=True)]
    node.write("output", cells(scaled))


def max_abs_scaler(node: Node) -> None:
    """Divide each feature by the largest absolute value it was fitted to; a larger one goes beyond 1."""
    factors = _reciprocals(node, "maxAbs", of_zero=1.0)
    node.write("output", node.vector("input", len(factors)).scaled(factors))


def elementwise_product(node: Node) -> None:
    """Multiply each element by a factor of its own."""
    factors = node.attributes.vector("scaling_vec")
    node.write("output", node.vector("input", len(factors)).scaled(factors))


def normalizer(node: Node) -> None:
    """Divide a vector by its p-norm; the infinite one, which the bundle writes as null, is the maximum."""
    norm = node.attributes.double_or_infinity("p_norm")
    if norm < 1.0:
        raise BundleError(f"attribute 'p_norm' must be at least 1, found {norm}")
    width = node.attributes.integer("input_size")
    vector = node.vector("input", width)
    node.write("output", stored(Applied("divided_by_norm", vector.packed(), (norm,), width), width))


def _reciprocals(node: Node, name: str, of_zero: float) -> list[float]:
    """Read what features are divided by, as the factors that Spark multiplies with."""
    return [1.0 / each if each != 0.0 else of_zero for each in node.attributes.vector(name)]
