"""Vectors: put together and cut down."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Number
from days_to_sell.scoring.plan.vectors import Vector, cells, joined


def vector_assembler(node: Node) -> None:
    """Put numbers and vectors together; NaN passes through.

    What the assembler did with NaN in Spark is not in the bundle (see ``differences``).
    """
    widths = node.attributes.widths("input_shapes")
    ports = node.numbered(node.ports_in, "input")
    if len(widths) != len(ports):
        raise BundleError(f"has {len(ports)} inputs and {len(widths)} input shapes")
    parts: list[Vector] = []
    numbers: list[Number] = []
    for port, width in zip(ports, widths, strict=True):
        if width is None:
            numbers.append(node.number(port))
            continue
        if numbers:
            parts.append(cells(numbers))
        parts.append(node.vector(port, width))
        numbers = []
    if numbers:
        parts.append(cells(numbers))
    node.write("output", joined(parts))


def vector_slicer(node: Node) -> None:
    """Cut out the elements at indices, then those that were named, in their order."""
    named = node.attributes.longs("named_indices") if "named_indices" in node.attributes else ()
    if len(node.attributes.strings("names")) != len(named):
        raise BundleError("attributes 'names' and 'named_indices' must be of the same length")
    indices = (*node.attributes.longs("indices", "long"), *named)
    width = node.attributes.integer("input_size")
    if not indices or max(indices) >= width or len(set(indices)) < len(indices):
        raise BundleError(f"attribute 'indices' must hold different positions in a vector of {width}")
    node.write("output", node.vector("input", width).sliced(indices))
