"""Arithmetic as the JVM does it: overflow and division by zero are infinities, never exceptions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import mul


def exp(x: float) -> float:
    """The exponential; infinity where it overflows."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def inverse(x: float) -> float:
    """One over ``x``; an infinity of the sign of a zero."""
    return 1.0 / x if x != 0.0 else math.copysign(math.inf, x)


def linear_predictor(coefficients: Sequence[float], intercept: float) -> Callable[[Sequence[float]], float]:
    """Make the function from a vector to its linear predictor.

    Args:
        coefficients: As many as the vector is long, which the caller has checked.
        intercept: What is added in the end.
    """

    def predict(vector: Sequence[float]) -> float:
        total: float = sum(map(mul, coefficients, vector))
        return total + intercept

    return predict
