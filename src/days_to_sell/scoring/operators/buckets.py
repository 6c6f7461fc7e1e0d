"""From a number to the index of the bucket it falls into."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring.columns import NUMBER
from days_to_sell.scoring.node import Node, Row, RowDroppedError, Step
from days_to_sell.scoring.operators.invalid import CHOICES, Invalid


def bucketizer(node: Node) -> Step:
    """Compile a bucketizer: the bucket of x is the last whose lower split is at most x.

    The last bucket includes its upper split. NaN is a bucket of its own behind the last, an error, or drops
    the row. A number beyond the splits is an error in every mode, as it is in Spark.
    """
    splits = node.attributes.edges("splits")
    if len(splits) < 3:
        raise BundleError(f"attribute 'splits' must hold at least three splits, found {len(splits)}")
    invalid = node.attributes.choice("handle_invalid", CHOICES, default="error")
    source, target = node.number_in("input"), node.write("output", NUMBER)
    last, missing = splits[-1], float(len(splits) - 1)
    below_zero = _bucket_below_zero(splits)

    def step(row: Row) -> None:
        x = row[source]
        if x != x:
            row[target] = missing_bucket()
            return
        bucket = len(splits) - 2 if x == last else bisect_right(splits, x) - 1
        if x == 0.0 and below_zero is not None and math.copysign(1.0, x) < 0.0:
            bucket = below_zero
        if not 0 <= bucket < len(splits) - 1:
            raise ScoringError(
                f"column {source!r} holds {x!r}, and {node.name!r} has buckets from {splits[0]} to {last}"
            )
        row[target] = float(bucket)

    def missing_bucket() -> float:
        if invalid is Invalid.KEEP:
            return missing
        if invalid is Invalid.SKIP:
            raise RowDroppedError
        raise ScoringError(
            f"column {source!r} has no value, and {node.name!r} has no bucket for that; send one, "
            'or fit it with handleInvalid="keep"'
        )

    return step


def _bucket_below_zero(splits: Sequence[float]) -> int | None:
    """The bucket of -0.0 where 0.0 is a split: the JVM's binary search puts it below."""
    for position, split in enumerate(splits[:-1]):
        if split == 0.0 and math.copysign(1.0, split) > 0.0:
            return position - 1
    return None
