"""Clusters: the nearest of some centers."""

from __future__ import annotations

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Reduced


def k_means(node: Node) -> None:
    """Give the position of the nearest center, by Euclidean distance.

    Which distance Spark measured is not in the bundle (see ``differences``).
    """
    centers = node.attributes.vectors("cluster_centers")
    width = node.attributes.long("num_features")
    if not centers or not width or any(len(center) != width for center in centers):
        raise BundleError(f"attribute 'cluster_centers' must hold points of {width} numbers, one at least")
    flat = tuple(number for center in centers for number in center)
    node.write("prediction", Reduced("nearest", node.vector("features", width).packed(), flat))
