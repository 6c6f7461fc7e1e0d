"""Clusters: the nearest of some centers."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import IsNaN, Reduced


def k_means(node: Node) -> None:
    """Give the position of the nearest center by Euclidean distance; NaN is refused, as Spark refuses it.

    Centers that Spark found by cosine distance all have length one, so that the nearest is the same.
    """
    centers = node.attributes.vectors("cluster_centers")
    width = node.attributes.long("num_features")
    if not centers or not width or any(len(center) != width for center in centers):
        raise BundleError(f"attribute 'cluster_centers' must hold points of {width} numbers, one at least")
    flat = tuple(number for center in centers for number in center)
    nearest = Reduced("nearest", node.vector("features", width).packed(), flat)
    node.refuse(
        IsNaN(nearest),
        f"column {node.column_in('features')!r} holds NaN, from which {node.name!r} measures no distance; "
        "a value of the row is missing",
    )
    node.write("prediction", nearest)
