"""Isotonic regression: a piecewise linear function through its boundaries, level beyond them."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Interpolate, IsNaN


def isotonic_regression(node: Node) -> None:
    """Interpolate at a number, or at one element of a vector.

    NaN is refused: Spark and MLeap would answer it with the last prediction (see ``differences``).
    """
    boundaries = node.attributes.ascending(node.attributes.doubles("boundaries"), "boundaries")
    predictions = node.attributes.doubles("predictions")
    if len(boundaries) != len(predictions):
        raise BundleError(f"has {len(boundaries)} boundaries and {len(predictions)} predictions")
    if "feature_index" in node.attributes:
        number = node.element("features", node.attributes.long("feature_index"))
    else:
        number = node.number("features")
    node.refuse(
        IsNaN(number),
        f"column {node.column_in('features')!r} came to NaN before {node.name!r}; "
        "a value of the row is missing",
    )
    node.write("prediction", Interpolate(number, boundaries, predictions))
