"""Principal components: a vector in fewer dimensions."""

from __future__ import annotations

from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.vectors import cells


def pca(node: Node) -> None:
    """Give the product of a vector with each principal component; the mean is not taken away, as in Spark."""
    rows = node.attributes.matrix("principal_components")
    vector = node.vector("input", len(rows))
    node.write("output", cells([vector.dot(component) for component in zip(*rows, strict=True)]))
