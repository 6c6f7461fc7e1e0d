"""Functions of whole vectors that classifiers name: from confidence to probability, and to a class."""

from __future__ import annotations

import math
from collections.abc import Sequence


def normalized(values: list[float], _: Sequence[float]) -> list[float]:
    """Each value as a share of their sum; zeros stay zeros."""
    total = sum(values, 0.0)
    return [value / total for value in values] if total != 0.0 else values


def softmax(values: list[float], _: Sequence[float]) -> list[float]:
    """The exponential of each value as a share of their sum, as Spark's classifiers have it.

    A value that is infinite takes all. NaN anywhere makes all of them NaN.
    """
    for position, value in enumerate(values):
        if value == math.inf:
            return [1.0 if place == position else 0.0 * each for place, each in enumerate(values)]
    greatest_value = max((value for value in values if value == value), default=0.0)
    if greatest_value == -math.inf:
        return [math.nan] * len(values)
    powers = [math.exp(value - greatest_value) for value in values]
    scale = 1.0 / sum(powers, 0.0)
    return [scale * power for power in powers]


def less_log_sum(values: list[float], _: Sequence[float]) -> list[float]:
    """Each value less the logarithm of the sum of their exponentials."""
    most = max(values)
    if not math.isfinite(most):
        return [math.nan] * len(values)
    log_sum = math.log(sum((math.exp(value - most) for value in values), 0.0)) + most
    return [value - log_sum for value in values]


def argmax(values: list[float], _: Sequence[float]) -> float:
    """The position of the first value that no other exceeds; a NaN in front stays the greatest."""
    found = 0
    for position, value in enumerate(values):
        if value > values[found]:
            found = position
    return float(found)


def argmax_of_ratios(values: list[float], divisors: Sequence[float]) -> float:
    """The position of the first value that is greatest when divided by its divisor; NaN never is."""
    found, most = 0, -math.inf
    for position, (value, divisor) in enumerate(zip(values, divisors, strict=True)):
        # Only a probability meets a divisor of zero: 0 / 0 is NaN, and any other infinite.
        ratio = value / divisor if divisor != 0.0 else math.inf if value > 0.0 else math.nan
        if ratio > most:
            found, most = position, ratio
    return float(found)


def greatest(values: list[float], _: Sequence[float]) -> float:
    """The first value that no other exceeds; a NaN in front stays the greatest."""
    return max(values)


def nearest(point: list[float], centers: Sequence[float]) -> float:
    """The position of the first of some points that none is nearer than; NaN where a number of it is NaN.

    Args:
        point: Where to measure from.
        centers: The points, one behind another.
    """
    width = len(point)
    found, least = 0, math.inf
    for position in range(len(centers) // width):
        center = centers[position * width : (position + 1) * width]
        distance = 0.0
        for x, c in zip(point, center, strict=True):
            distance += (x - c) * (x - c)
        if distance < least:
            found, least = position, distance
        elif distance != distance:
            return math.nan
    return float(found)


def any_negative(values: list[float], _: Sequence[float]) -> float:
    """1 if a value is below zero or NaN, else 0."""
    return float(not all(value >= 0.0 for value in values))


def any_not_binary(values: list[float], _: Sequence[float]) -> float:
    """1 if a value is neither 0 nor 1, else 0."""
    return float(not all(value == 0.0 or value == 1.0 for value in values))
