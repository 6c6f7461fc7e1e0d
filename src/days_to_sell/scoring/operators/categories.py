"""From text to index, from index to text, from index to a one-hot vector."""

from __future__ import annotations

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring.columns import NUMBER, STRING, Kind
from days_to_sell.scoring.node import Node, Row, RowDroppedError, Step
from days_to_sell.scoring.operators.invalid import CHOICES, Invalid

# Wider one-hot vectors than this are not sparse here and would be slow: bound the category instead.
MAX_CATEGORIES = 100_000


def string_indexer(node: Node) -> Step:
    """Compile a string indexer: null and unseen text are index N of N labels, an error, or drop the row."""
    labels = node.attributes.strings("labels")
    invalid = node.attributes.choice("handle_invalid", CHOICES, default="error")
    source, target = node.string_in("input"), node.write("output", NUMBER)
    index = {label: float(position) for position, label in enumerate(labels)}
    if len(index) < len(labels):
        raise BundleError("attribute 'labels' holds a label twice")
    node.columns.labels[source] = labels
    unseen = float(len(labels))

    def step(row: Row) -> None:
        row[target] = index.get(row[source], unseen)

    def strict_step(row: Row) -> None:
        value = row[source]
        if value not in index:
            if invalid is Invalid.SKIP:
                raise RowDroppedError
            raise ScoringError(
                f"column {source!r} holds {value!r:.60}, which {node.name!r} was not fitted on; send one of "
                f'its {len(labels)} labels, or fit it with handleInvalid="keep"'
            )
        row[target] = index[value]

    return step if invalid is Invalid.KEEP else strict_step


def reverse_string_indexer(node: Node) -> Step:
    """Compile the way back from index to label."""
    labels = node.attributes.strings("labels")
    source, target = node.number_in("input"), node.write("output", STRING)

    def step(row: Row) -> None:
        value = row[source]
        if not 0.0 <= value < len(labels):
            raise ScoringError(
                f"column {source!r} holds {value!r}, and {node.name!r} has {len(labels)} labels"
            )
        row[target] = labels[int(value)]

    return step


def one_hot_encoder(node: Node) -> Step:
    """Compile a one-hot encoder over one or more index columns."""
    sizes = node.attributes.longs("category_sizes")
    sources = node.numbered(node.ports_in, "input")
    targets = node.numbered(node.ports_out, "output")
    if not len(sizes) == len(sources) == len(targets):
        raise BundleError(
            f"has {len(sources)} inputs, {len(targets)} outputs and {len(sizes)} category sizes"
        )
    steps = [_one_hot(node, *each) for each in zip(sizes, sources, targets, strict=True)]

    def step(row: Row) -> None:
        for each in steps:
            each(row)

    return step


def _one_hot(node: Node, size: int, port_in: str, port_out: str) -> Step:
    keep = node.attributes.choice("handle_invalid", CHOICES, default="error") is Invalid.KEEP
    if not 0 < size <= MAX_CATEGORIES:
        raise BundleError(f"a category of {size} values; from 1 to {MAX_CATEGORIES} can be encoded")
    width = size + keep - node.attributes.boolean("drop_last")
    source, target = node.number_in(port_in), node.write(port_out, Kind("vector", width))
    zeros = [0.0] * width

    def step(row: Row) -> None:
        value = row[source]
        if 0.0 <= value < size:
            hot = int(value)
        elif keep:
            hot = size
        else:
            raise ScoringError(
                f"column {source!r} holds {value!r}, and {node.name!r} encodes 0 to {size - 1}; "
                'fit it with handleInvalid="keep" to encode any other'
            )
        vector = zeros.copy()
        if hot < width:
            vector[hot] = 1.0
        row[target] = vector

    return step
