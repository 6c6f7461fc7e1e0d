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
    """Cut out the elements at indices, in their order."""
    if node.attributes.strings("names"):
        raise BundleError("slices by name; fit VectorSlicer with indices")
    indices = node.attributes.longs("indices", "long")
    width = node.attributes.integer("input_size")
    if not indices or max(indices) >= width:
        raise BundleError(f"attribute 'indices' must hold positions in a vector of {width}")
    node.write("output", node.vector("input", width).sliced(indices))
