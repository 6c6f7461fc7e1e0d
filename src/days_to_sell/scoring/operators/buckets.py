"""From a number to the index of the bucket it falls into."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.operators.invalid import CHOICES, Invalid
from days_to_sell.scoring.plan.indices import bucket, from_index, index_in


def bucketizer(node: Node) -> None:
    """Give the bucket of a number: the last whose lower split is at most the number.

    The last bucket includes its upper split. NaN is a bucket of its own behind the last, an error, or drops
    the row. A number beyond the splits is an error in every mode, as it is in Spark.
    """
    splits = node.attributes.edges("splits")
    if len(splits) < 3:
        raise BundleError(f"attribute 'splits' must hold at least three splits, found {len(splits)}")
    invalid = node.attributes.choice("handle_invalid", CHOICES, default="error")
    number, column = node.number("input"), node.column_in("input")
    buckets = len(splits) - 1
    index = bucket(number, splits)
    missing = index_in(index, [buckets])
    if invalid is Invalid.SKIP:
        node.drop(missing)
    elif invalid is Invalid.ERROR:
        node.refuse(
            missing,
            f"column {column!r} has no value, and {node.name!r} has no bucket for that; send one, "
            'or fit it with handleInvalid="keep"',
        )
    node.refuse(
        index_in(index, [buckets + 1]),
        f"column {column!r} holds {{}}, and {node.name!r} has buckets from {splits[0]} to {splits[-1]}",
        number,
    )
    node.write("output", from_index(index))
