"""What the written function calls beside the functions that plans name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import mul
from typing import Any

from days_to_sell.errors import ScoringError


def dot(weights: Sequence[float], vector: Sequence[float]) -> float:
    """The product of two vectors, added up from the first element to the last."""
    return sum(map(mul, weights, vector), 0.0)


def interpolate(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """A piecewise linear function, see :class:`~days_to_sell.scoring.plan.expressions.Interpolate`."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    if x != x:
        return x
    right = bisect_left(xs, x)
    if xs[right] == x:
        return ys[right]
    x1, y1, x2, y2 = xs[right - 1], ys[right - 1], xs[right], ys[right]
    return y1 + (y2 - y1) * (x - x1) / (x2 - x1)


def scattered(zeros: list[float], entries: Sequence[tuple[int, float]]) -> list[float]:
    """A vector of zeros but for some elements; those behind its end are nowhere."""
    vector = zeros.copy()
    for position, value in entries:
        if position < len(vector):
            vector[position] += value
    return vector


def votes(leaves: Sequence[Sequence[float]], found: Sequence[int], weights: Sequence[float]) -> list[float]:
    """The sum of the numbers of leaves, each times the weight of its tree."""
    said = [leaves[leaf] for leaf in found]
    return [sum(map(mul, weights, of_class), 0.0) for of_class in zip(*said, strict=True)]


def refused(message: str, value: Any = None) -> ScoringError:
    """Say why a row is refused."""
    return ScoringError(message.replace("{}", f"{value!r:.60}"))


def lacking(row: Mapping[str, Any], inputs: Sequence[str]) -> ScoringError:
    """Say which columns a row lacks."""
    missing = ", ".join(repr(each) for each in inputs if each not in row)
    return ScoringError(f"the row lacks {missing}; the pipeline needs {', '.join(inputs)}")


def clashing(row: Mapping[str, Any], outputs: Sequence[str]) -> ScoringError:
    """Say which column a row brings that the pipeline writes."""
    column = next(each for each in outputs if each in row)
    return ScoringError(f"the row brings {column!r}, which the pipeline writes; rename or drop it")
