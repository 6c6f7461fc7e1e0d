"""Polynomial expansion: the products of elements of a vector up to a degree."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Choose, Compare, Number, Truth
from days_to_sell.scoring.plan.vectors import ONE, ZERO, Vector, cells, times

# More products than this are refused, as each becomes an expression of its own: expand fewer elements.
MAX_PRODUCTS = 10_000


def polynomial_expansion(node: Node) -> None:
    """Give every product of up to ``degree`` elements, repetitions included.

    The order is Spark's: all products of the first elements stand before those that a later one is in. So is
    the way to multiply, from the last element to the first, and a product that came to zero stays zero
    whatever comes after it, NaN and infinity included.
    """
    degree, width = node.attributes.long("degree"), node.attributes.long("input_size")
    if degree < 1 or width < 1:
        raise BundleError(f"expands {width} elements to degree {degree}; both must be at least 1")
    if max(width, degree) > MAX_PRODUCTS or comb(width + degree, degree) > MAX_PRODUCTS:
        raise BundleError(
            f"expands {width} elements to degree {degree}, which is more than {MAX_PRODUCTS} products; "
            "expand fewer elements"
        )
    products = _products(node.vector("input", width), degree)
    # The first has no factors at all.
    next(products)
    node.write("output", cells(list(products)))


def _products(vector: Vector, degree: int) -> Iterator[Number]:
    """Give the products of elements up to a degree, that of none first."""
    # Each is a product so far, and what may be multiplied to it yet: so many of the first elements of the
    # vector, so many times. A stack, as vectors are wider than calls may nest.
    waiting: list[tuple[Number, int, int]] = [(ONE, vector.width, degree)]
    zero: dict[int, Truth] = {}
    while waiting:
        product, width, left = waiting.pop()
        if not (width and left):
            yield product
            continue
        powers = [product]
        for _ in range(left):
            powers.append(_times(powers[-1], vector[width - 1], zero))
        waiting += [(power, width - 1, left - used) for used, power in reversed([*enumerate(powers)])]


def _times(product: Number, factor: Number, zero: dict[int, Truth]) -> Number:
    """Multiply, unless the product is zero; ``zero`` keeps the question for each product."""
    if product is ONE:
        return factor
    truth = zero.setdefault(id(product), Compare("==", product, ZERO))
    return Choose(truth, ZERO, times(product, factor))
