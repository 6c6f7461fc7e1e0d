"""Vectors: put together, cut down and scaled."""

from __future__ import annotations

from operator import itemgetter

from days_to_sell.errors import BundleError
from days_to_sell.scoring.columns import NUMBER, Kind
from days_to_sell.scoring.node import Node, Row, Step


def vector_assembler(node: Node) -> Step:
    """Compile an assembler of numbers and vectors; NaN passes through it.

    What the assembler did with NaN in Spark is not in the bundle (see ``differences``).
    """
    widths = node.attributes.widths("input_shapes")
    ports = node.numbered(node.ports_in, "input")
    if len(widths) != len(ports):
        raise BundleError(f"has {len(ports)} inputs and {len(widths)} input shapes")
    sources = [
        (node.read(port, NUMBER if width is None else Kind("vector", width)), width is None)
        for port, width in zip(ports, widths, strict=True)
    ]
    total = sum(1 if width is None else width for width in widths)
    target = node.write("output", Kind("vector", total))
    if len(sources) > 1 and all(scalar for _, scalar in sources):
        numbers = itemgetter(*(source for source, _ in sources))

        def scalar_step(row: Row) -> None:
            row[target] = list(numbers(row))

        return scalar_step

    def step(row: Row) -> None:
        vector: list[float] = []
        for source, scalar in sources:
            if scalar:
                vector.append(row[source])
            else:
                vector += row[source]
        row[target] = vector

    return step


def vector_slicer(node: Node) -> Step:
    """Compile a slicer: the elements at its indices, in their order."""
    if node.attributes.strings("names"):
        raise BundleError("slices by name; fit VectorSlicer with indices")
    indices = node.attributes.longs("indices", "long")
    width = node.attributes.integer("input_size")
    if not indices or max(indices) >= width:
        raise BundleError(f"attribute 'indices' must hold positions in a vector of {width}")
    source, target = node.vector_in("input", width), node.write("output", Kind("vector", len(indices)))

    def step(row: Row) -> None:
        vector = row[source]
        row[target] = [vector[index] for index in indices]

    return step


def standard_scaler(node: Node) -> Step:
    """Compile a scaler: minus the mean, over the standard deviation, each if the bundle has it.

    A feature that did not vary becomes zero where it is divided.
    """
    known = [node.attributes.vector(name) for name in ("mean", "std") if name in node.attributes]
    if not known or len({len(each) for each in known}) > 1:
        raise BundleError("needs attributes 'mean' or 'std', of the same length if both are there")
    width = len(known[0])
    mean = node.attributes.vector("mean") if "mean" in node.attributes else (0.0,) * width
    std = node.attributes.vector("std") if "std" in node.attributes else (1.0,) * width
    factors = [1.0 / each if each != 0.0 else 0.0 for each in std]
    source, target = node.vector_in("input", width), node.write("output", Kind("vector", width))

    def step(row: Row) -> None:
        row[target] = [(x - m) * f for x, m, f in zip(row[source], mean, factors, strict=True)]

    return step
