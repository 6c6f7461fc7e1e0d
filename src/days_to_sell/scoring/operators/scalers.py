"""Scalers: each element of a vector by what was learnt of it."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node


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
        vector = vector.scaled([1.0 / each if each != 0.0 else 0.0 for each in node.attributes.vector("std")])
    node.write("output", vector)
