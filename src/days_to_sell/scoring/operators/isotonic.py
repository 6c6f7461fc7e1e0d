"""Isotonic regression: a piecewise linear function through its boundaries, level beyond them."""

from __future__ import annotations

from bisect import bisect_left

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring.columns import NUMBER, VECTOR
from days_to_sell.scoring.node import Node, Row, Step


def isotonic_regression(node: Node) -> Step:
    """Compile an isotonic regression over a number, or over one element of a vector.

    NaN is refused: Spark and MLeap would answer it with the last prediction (see ``differences``).
    """
    boundaries = node.attributes.ascending(node.attributes.doubles("boundaries"), "boundaries")
    predictions = node.attributes.doubles("predictions")
    if len(boundaries) != len(predictions):
        raise BundleError(f"has {len(boundaries)} boundaries and {len(predictions)} predictions")
    index = node.attributes.long("feature_index") if "feature_index" in node.attributes else None
    source = node.read("features", NUMBER if index is None else VECTOR)
    target = node.write("prediction", NUMBER)
    first, last = boundaries[0], boundaries[-1]

    def interpolate(x: float) -> float:
        if x <= first:
            return predictions[0]
        if x >= last:
            return predictions[-1]
        if x != x:
            raise ScoringError(
                f"column {source!r} came to NaN before {node.name!r}; a value of the row is missing"
            )
        right = bisect_left(boundaries, x)
        if boundaries[right] == x:
            return predictions[right]
        x1, y1, x2, y2 = boundaries[right - 1], predictions[right - 1], boundaries[right], predictions[right]
        return y1 + (y2 - y1) * (x - x1) / (x2 - x1)

    if index is None:

        def step(row: Row) -> None:
            row[target] = interpolate(row[source])

        return step

    def vector_step(row: Row) -> None:
        vector = row[source]
        if index >= len(vector):
            raise ScoringError(f"column {source!r} has {len(vector)} elements, {node.name!r} reads [{index}]")
        row[target] = interpolate(vector[index])

    return vector_step
