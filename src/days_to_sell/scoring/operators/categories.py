"""From text to index, from index to text, from index to a one-hot vector."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.kinds import NUMBER
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.numerals import double_text
from days_to_sell.scoring.operators.invalid import CHOICES, Invalid
from days_to_sell.scoring.plan.expressions import FromIndex, LabelAt, LabelIndex, NumberText, Text
from days_to_sell.scoring.plan.indices import category, from_index, index_in, remap
from days_to_sell.scoring.plan.vectors import apply, one_hot

# Wider one-hot vectors than this are refused: bound the category instead.
MAX_CATEGORIES = 100_000


def string_indexer(node: Node) -> None:
    """Give the position of a text; null and unseen text are index N of N labels, an error, or dropped.

    A number is told by the text that Java writes for it, as Spark casts a numeric column to text.
    """
    labels = node.attributes.strings("labels")
    invalid = node.attributes.choice("handle_invalid", CHOICES, default="error")
    if len(set(labels)) < len(labels):
        raise BundleError("attribute 'labels' holds a label twice")
    text: Text
    if node.known_kind("input") == NUMBER:
        text, labels = NumberText(node.number("input"), whole=False), tuple(map(_number_label, labels))
    else:
        text = node.text("input")
    index = LabelIndex(text, labels)
    unseen = index_in(index, [len(labels)])
    if invalid is Invalid.SKIP:
        node.drop(unseen)
    elif invalid is Invalid.ERROR:
        node.refuse(
            unseen,
            f"column {node.column_in('input')!r} holds {{}}, which {node.name!r} was not fitted on; send one "
            f'of its {len(labels)} labels, or fit it with handleInvalid="keep"',
            text,
        )
    node.write("output", from_index(index))


def _number_label(label: str) -> str:
    """Write the label of a number as that of a double: an integer's has no point, a float's other digits."""
    try:
        return double_text(float(label))
    except ValueError:
        return label


def reverse_string_indexer(node: Node) -> None:
    """Give the label at an index; NaN is refused, which Spark would take for 0 (see ``differences``)."""
    labels = node.attributes.strings("labels")
    if "input_shape" in node.attributes and node.attributes.width("input_shape") is not None:
        raise BundleError("takes the labels of a vector of indices; only a single index is supported")
    number = node.number("input")
    # Cut towards zero: Spark takes what lies between -1 and 0 for 0.
    whole = number if isinstance(number, FromIndex) else apply("cut_to_zero", number)
    index = category(whole, len(labels))
    node.refuse(
        index_in(index, [len(labels)]),
        f"column {node.column_in('input')!r} holds {{}}, and {node.name!r} has {len(labels)} labels",
        number,
    )
    node.write("output", LabelAt((*labels, ""), index))


def one_hot_encoder(node: Node) -> None:
    """Encode one or more index columns."""
    sizes = node.attributes.longs("category_sizes")
    sources = node.numbered(node.ports_in, "input")
    targets = node.numbered(node.ports_out, "output")
    if not len(sizes) == len(sources) == len(targets):
        raise BundleError(
            f"has {len(sources)} inputs, {len(targets)} outputs and {len(sizes)} category sizes"
        )
    for size, source, target in zip(sizes, sources, targets, strict=True):
        _one_hot(node, size, source, target)


def _one_hot(node: Node, size: int, port_in: str, port_out: str) -> None:
    keep = node.attributes.choice("handle_invalid", CHOICES, default="error") is Invalid.KEEP
    if not 0 < size <= MAX_CATEGORIES:
        raise BundleError(f"a category of {size} values; from 1 to {MAX_CATEGORIES} can be encoded")
    width = size + keep - node.attributes.boolean("drop_last")
    number = node.number(port_in)
    index = category(number, size)
    if not keep:
        node.refuse(
            index_in(index, [size]),
            f"column {node.column_in(port_in)!r} holds {{}}, and {node.name!r} encodes 0 to {size - 1}; "
            'fit it with handleInvalid="keep" to encode any other',
            number,
        )
    # The category that is dropped is nowhere, and nowhere is the index behind the last.
    hot = remap([min(each, width) for each in range(size + 1)], index, width + 1)
    node.write(port_out, one_hot(hot, width))
