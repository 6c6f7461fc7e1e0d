"""Vector indexer: the elements of a vector that count categories, as indices."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node, any_of
from days_to_sell.scoring.operators.invalid import CHOICES, Invalid
from days_to_sell.scoring.plan.expressions import Index, Number, Truth
from days_to_sell.scoring.plan.indices import from_index, index_in, rank, remap
from days_to_sell.scoring.plan.vectors import cells


def vector_indexer(node: Node) -> None:
    """Give the index of each value of a categorical element, and other elements as they are.

    A value that the element was not fitted on is index N of N categories, an error, or drops the row. Spark
    looks at no zeros of a sparse vector, but gives 0 for them (see ``differences``).
    """
    width = node.attributes.long("num_features")
    invalid = node.attributes.choice("handle_invalid", CHOICES, default="error")
    categorical = node.attributes.longs("keys", "long")
    if len(set(categorical)) < len(categorical) or any(each >= width for each in categorical):
        raise BundleError(f"attribute 'keys' must hold different positions in a vector of {width}")
    elements = list(node.vector("input", width))
    unseen: list[Truth | None] = []
    for position in sorted(categorical):
        values, indices = _categories(node, position)
        number, index = elements[position], rank(elements[position], values)
        elements[position] = from_index(remap([*indices, len(values)], index, len(values) + 1))
        unseen.append(_unseen(node, position, number, index, invalid))
    if invalid is Invalid.SKIP:
        node.drop(any_of(unseen))
    node.write("output", cells(elements))


def _categories(node: Node, position: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Read the values of an element, and the index of each."""
    values = node.attributes.doubles(f"key_{position}_keys")
    indices = node.attributes.longs(f"key_{position}_values", "long")
    if len(set(values)) < len(values) or sorted(indices) != list(range(len(values))):
        raise BundleError(f"attributes 'key_{position}_keys' and '..._values' must pair values with 0 and up")
    return values, indices


def _unseen(node: Node, position: int, number: Number, index: Index, invalid: Invalid) -> Truth | None:
    """Ask whether a value is none of the categories; refuse it where that is an error."""
    truth = index_in(index, [index.size - 1])
    if invalid is Invalid.ERROR:
        node.refuse(
            truth,
            f"element {position} of column {node.column_in('input')!r} is {{}}, which {node.name!r} was not "
            'fitted on; send a value that it was, or fit it with handleInvalid="keep"',
            number,
        )
    return truth
