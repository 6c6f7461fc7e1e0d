"""Feature hasher: columns of any type in one vector, their places found by hashing."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.hashing import murmur3
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Compare, Fixed, HashedText, Index, Number, NumberText
from days_to_sell.scoring.plan.indices import rank, remap
from days_to_sell.scoring.plan.vectors import ONE, ZERO, Sparse, Vector, apply

# A wider vector than this is refused; Spark's own default is 2^18.
MAX_BUCKETS = 1 << 22
WHOLE = frozenset({"byte", "short", "int", "long"})
NUMERIC = WHOLE | {"float", "double"}
TYPES = NUMERIC | {"boolean", "string"}


def feature_hasher(node: Node) -> None:
    """Give a number at the place of its column's name, and 1 at that of ``column=value`` for any other.

    What falls on one place adds up. A null text or category is nowhere; a null number is NaN.
    """
    names = node.attributes.strings("input_names")
    types = node.attributes.basic_types("basic_types")
    widths = node.attributes.widths("input_shapes")
    ports = node.numbered(node.ports_in, "input")
    if not len(names) == len(types) == len(widths) == len(ports):
        raise BundleError(
            f"has {len(ports)} inputs, {len(names)} names, {len(types)} types and {len(widths)} shapes"
        )
    if set(types) - TYPES or any(width is not None for width in widths):
        raise BundleError(f"takes numbers, texts and truths, found {', '.join(types)}")
    buckets = node.attributes.long("num_features")
    if not 0 < buckets <= MAX_BUCKETS:
        raise BundleError(f"hashes into {buckets} features; from 1 to {MAX_BUCKETS} can be computed")
    categories = set(node.attributes.strings("categorical_cols"))
    entries = [
        _category(node, port, name, kind, buckets)
        if kind not in NUMERIC or name in categories
        else _number(node, port, name, kind, buckets)
        for port, name, kind in zip(ports, names, types, strict=True)
    ]
    node.write("output", Vector((Sparse(tuple(entries), buckets),)))


def _number(node: Node, port: str, name: str, kind: str, buckets: int) -> tuple[Index, Number]:
    number = node.number(port)
    # The column was of single precision in Spark, so its value has to be.
    value = apply("single", number) if kind == "float" else number
    return Fixed(murmur3(name) % buckets, buckets + 1), value


def _category(node: Node, port: str, name: str, kind: str, buckets: int) -> tuple[Index, Number]:
    if kind == "string":
        return HashedText(f"{name}=", node.text(port), buckets), ONE
    if kind == "boolean":
        places = [murmur3(f"{name}={truth}") % buckets for truth in ("false", "true")]
        return remap([*places, buckets], rank(node.boolean(port), (0.0, 1.0)), buckets + 1), ONE
    if kind == "float":
        raise BundleError(
            f"takes {name!r}, of type float, for a category; make it a double before hashing it"
        )
    number = node.number(port)
    if kind in WHOLE:
        node.refuse(
            Compare("==", apply("is_whole", number), ZERO),
            f"column {node.column_in(port)!r} holds {{}}, and {node.name!r} takes a whole number of type "
            f"{kind}; send one that a double holds exactly",
            number,
        )
    return HashedText(f"{name}=", NumberText(number, kind in WHOLE), buckets), ONE
