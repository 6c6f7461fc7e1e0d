"""Interaction: the products of several columns, element by element."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from math import prod

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring.columns import NUMBER, Kind
from days_to_sell.scoring.node import Node, Row, Step

# A wider product is not sparse here and would be slow: bound the parts instead.
MAX_CELLS = 100_000
# Positions and values of what is not zero.
Encoder = Callable[[Row], Iterator[tuple[int, float]]]


def interaction(node: Node) -> Step:
    """Compile an interaction: one product for each choice of an element from every input, the last fastest.

    An input that counts categories is one-hot first. Only what is not zero is multiplied, as Spark does with
    the sparse vectors of one-hot encoders.
    """
    widths = node.attributes.widths("input_shapes")
    ports = node.numbered(node.ports_in, "input")
    if len(widths) != len(ports):
        raise BundleError(f"has {len(ports)} inputs and {len(widths)} input shapes")
    sizes = [node.attributes.longs(f"num_features{number}") for number in range(len(ports))]
    encoders = [_encoder(node, *each) for each in zip(ports, widths, sizes, strict=True)]
    strides = list(accumulate((sum(each) for each in reversed(sizes)), lambda a, b: a * b, initial=1))
    if (total := strides.pop()) > MAX_CELLS:
        raise BundleError(f"multiplies out to {total} products; at most {MAX_CELLS} can be computed")
    target = node.write("output", Kind("vector", total))
    zeros = [0.0] * total
    # From the last to the first, as Spark does: products of floats depend on the order.
    factors = list(zip(strides, reversed(encoders), strict=True))

    def step(row: Row) -> None:
        cells = [(0, 1.0)]
        for stride, encode in factors:
            cells = [
                (cell + stride * position, product * value)
                for position, value in encode(row)
                for cell, product in cells
            ]
        vector = zeros.copy()
        for cell, product in cells:
            vector[cell] = product
        row[target] = vector

    return step


def _encoder(node: Node, port: str, width: int | None, sizes: tuple[int, ...]) -> Encoder:
    """Read one input.

    Args:
        node: The node.
        port: The input's port.
        width: Width of a vector; None for a number.
        sizes: For each element, the number of its categories; one for a number that is taken as it is.
    """
    if len(sizes) != (1 if width is None else width) or 0 in sizes:
        raise BundleError(f"input {port!r} needs a number of features for each of its elements")
    offsets = [0, *accumulate(sizes)]
    source = node.read(port, NUMBER if width is None else Kind("vector", width))

    def category(value: float, size: int) -> int:
        if not (0.0 <= value < size and value == int(value)):
            raise ScoringError(f"column {source!r} holds {value!r}, and {node.name!r} takes 0 to {size - 1}")
        return int(value)

    def number(row: Row) -> Iterator[tuple[int, float]]:
        value = row[source]
        yield (0, value) if sizes[0] == 1 else (category(value, sizes[0]), 1.0)

    def vector(row: Row) -> Iterator[tuple[int, float]]:
        for value, size, offset in zip(row[source], sizes, offsets, strict=False):
            if size > 1:
                yield offset + category(value, size), 1.0
            elif value != 0.0:
                yield offset, value

    def plain_vector(row: Row) -> Iterator[tuple[int, float]]:
        return ((position, value) for position, value in enumerate(row[source]) if value)

    if width is None:
        return number
    return vector if prod(sizes) > 1 else plain_vector
