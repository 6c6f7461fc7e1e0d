"""When two engines agree: the distance between two answers, by one contract for all of them."""

from __future__ import annotations

import math
from typing import Any

TOLERANCE = 1e-9


def relative_error(actual: float, expected: float) -> float:
    """Distance by contract: ``|a - b| / max(1, |b|)``, infinite unless both are finite."""
    if not (math.isfinite(actual) and math.isfinite(expected)):
        return math.inf
    return abs(actual - expected) / max(1.0, abs(expected))


def distance(actual: Any, expected: Any) -> float:
    """Give the largest relative error between two values of a column.

    Between stages, NaN and the infinities are values like any other: equal to themselves, infinitely far from
    all else.

    Args:
        actual: A number, a text, None, or a vector as a list of numbers.
        expected: The same.

    Returns:
        0.0 where both are the same; infinity where they are of different kinds or lengths.
    """
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return math.inf
        return max(map(distance, actual, expected), default=0.0)
    if not isinstance(expected, float) or not isinstance(actual, float):
        return 0.0 if type(actual) is type(expected) and actual == expected else math.inf
    if actual == expected or (actual != actual and expected != expected):
        return 0.0
    return relative_error(actual, expected)
