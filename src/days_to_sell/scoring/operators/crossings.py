"""Interaction: the products of several columns, element by element."""

from __future__ import annotations

from itertools import accumulate, product
from math import prod

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node, any_of
from days_to_sell.scoring.plan.expressions import Compare, Constant, Fixed, FromIndex, Index, Number, Pair
from days_to_sell.scoring.plan.indices import category, from_index, index_in, remap
from days_to_sell.scoring.plan.vectors import Sparse, Vector, times

# A wider product is refused: bound the parts instead.
MAX_CELLS = 100_000
# Index and value of what is not zero, as in a sparse vector.
Entries = list[tuple[Index, Number]]


def interaction(node: Node) -> None:
    """Give one product for each choice of an element from every input, the last fastest.

    An input that counts categories is one-hot first. Only what is not zero is multiplied, as Spark does with
    the sparse vectors of one-hot encoders.
    """
    widths = node.attributes.widths("input_shapes")
    ports = node.numbered(node.ports_in, "input")
    if len(widths) != len(ports):
        raise BundleError(f"has {len(ports)} inputs and {len(widths)} input shapes")
    sizes = [node.attributes.longs(f"num_features{number}") for number in range(len(ports))]
    total = prod(sum(each) for each in sizes)
    if total > MAX_CELLS:
        raise BundleError(f"multiplies out to {total} products; at most {MAX_CELLS} can be computed")
    encoded = [_encoded(node, *each) for each in zip(ports, widths, sizes, strict=True)]
    found: Entries = [(Fixed(0, 2), Constant(1.0))]
    width = 1
    # From the last to the first, as Spark does: products of floats depend on the order.
    for entries, size in zip(reversed(encoded), reversed([sum(each) for each in sizes]), strict=True):
        found = [
            (_crossed(outer, size, inner, width), times(value, factor))
            for (outer, factor), (inner, value) in product(entries, found)
        ]
        width *= size
        if len(found) > MAX_CELLS:
            raise BundleError(f"multiplies {len(found)} elements that are not zero; bound the parts instead")
    node.write("output", Vector((Sparse(tuple(found), width),)))


def _crossed(outer: Index, size: int, inner: Index, width: int) -> Index:
    """Give the place of a product; nowhere where one of its factors is nowhere."""
    nowhere = size * width

    def place(o: int, i: int) -> int:
        return o * width + i if o < size and i < width else nowhere

    if isinstance(outer, Fixed) and isinstance(inner, Fixed):
        return Fixed(place(outer.value, inner.value), nowhere + 1)
    if isinstance(inner, Fixed):
        return remap([place(o, inner.value) for o in range(outer.size)], outer, nowhere + 1)
    if isinstance(outer, Fixed):
        return remap([place(outer.value, i) for i in range(inner.size)], inner, nowhere + 1)
    table = [place(o, i) for o in range(outer.size) for i in range(inner.size)]
    return remap(table, Pair(outer, inner), nowhere + 1)


def _encoded(node: Node, port: str, width: int | None, sizes: tuple[int, ...]) -> Entries:
    """Read one input.

    Args:
        node: The node.
        port: The input's port.
        width: Width of a vector; None for a number.
        sizes: For each element, the number of its categories; one for a number that is taken as it is.
    """
    if len(sizes) != (1 if width is None else width) or 0 in sizes:
        raise BundleError(f"input {port!r} needs a number of features for each of its elements")
    total = sum(sizes)
    if width is not None and set(sizes) == {1}:
        return node.vector(port, width).entries()
    elements = [node.number(port)] if width is None else list(node.vector(port, width))
    entries: Entries = []
    for element, size, offset in zip(elements, sizes, accumulate((0, *sizes)), strict=False):
        if size == 1:
            entries.append((Fixed(offset, total + 1), element))
            continue
        index = category(element, size)
        fraction = None if isinstance(element, FromIndex) else Compare("!=", element, from_index(index))
        node.refuse(
            any_of((index_in(index, [size]), fraction)),
            f"column {node.column_in(port)!r} holds {{}}, and {node.name!r} takes 0 to {size - 1}",
            element,
        )
        entries.append((remap([*range(offset, offset + size), total], index, total + 1), Constant(1.0)))
    return entries
