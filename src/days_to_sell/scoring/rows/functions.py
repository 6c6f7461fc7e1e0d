"""The functions that plans name, of single numbers, as the JVM has them: none of them raises."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from days_to_sell.scoring.numerals import is_whole
from days_to_sell.scoring.rows import classes

# Spark keeps a fitted mean inside the range of its family by these bounds.
EPSILON = 1e-16
LARGEST = sys.float_info.max
_SINGLE = struct.Struct("f")


def exp(x: float) -> float:
    """The exponential; infinity where it overflows."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def inverse(x: float) -> float:
    """One over ``x``; an infinity of the sign of a zero."""
    return 1.0 / x if x != 0.0 else math.copysign(math.inf, x)


def logistic(x: float) -> float:
    """The inverse of the logit."""
    return 1.0 / (1.0 + exp(-x))


def normal_cdf(x: float) -> float:
    """The distribution function of the standard normal distribution."""
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def complementary_log_log(x: float) -> float:
    """The inverse of the complementary log-log link."""
    return 1.0 - exp(-exp(x))


def square(x: float) -> float:
    """``x`` times itself."""
    return x * x


def finite(mu: float) -> float:
    """A mean of the gaussian family: infinities become the largest numbers."""
    return math.copysign(LARGEST, mu) if math.isinf(mu) else mu


def positive(mu: float) -> float:
    """A mean of a family above zero."""
    return EPSILON if mu < EPSILON else finite(mu)


def probability(mu: float) -> float:
    """A mean of the binomial family."""
    if mu < EPSILON:
        return EPSILON
    return min(mu, 1.0 - EPSILON)


def cut_to_zero(x: float) -> float:
    """Zero for what lies between -1 and it, any other number as it is."""
    return 0.0 if -1.0 < x < 0.0 else x


def single(x: float) -> float:
    """A number in single precision; infinity beyond its range."""
    try:
        rounded: float = _SINGLE.unpack(_SINGLE.pack(x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)
    return rounded


def whole(x: float) -> float:
    """1 for a whole number and NaN, else 0, see :func:`~days_to_sell.scoring.numerals.is_whole`."""
    return float(is_whole(x))


def divided_by_norm(vector: list[float], norms: tuple[float, ...]) -> list[float]:
    """A vector divided by its p-norm, unless that is zero; the infinite norm passes over NaN, as in Spark.

    Args:
        vector: The vector.
        norms: ``p``.
    """
    p = norms[0]
    sizes = map(abs, vector)
    if p == 1.0:
        norm = sum(sizes, 0.0)
    elif p == 2.0:
        norm = math.sqrt(sum([x * x for x in vector], 0.0))
    elif p == math.inf:
        norm = max([size for size in sizes if size == size], default=0.0)
    else:
        norm = power(sum([power(size, p) for size in sizes], 0.0), 1.0 / p)
    return [x / norm for x in vector] if norm != 0.0 else vector


def power(x: float, exponent: float) -> float:
    """A number that is not negative to a power above zero; infinity where it overflows."""
    try:
        return math.pow(x, exponent)
    except OverflowError:
        return math.inf


FUNCTIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "complementary_log_log": complementary_log_log,
        "cut_to_zero": cut_to_zero,
        "exp": exp,
        "finite": finite,
        "inverse": inverse,
        "is_whole": whole,
        "logistic": logistic,
        "normal_cdf": normal_cdf,
        "positive": positive,
        "probability": probability,
        "single": single,
        "square": square,
    }
)

# Of a whole vector and the constants of its expression.
VECTOR_FUNCTIONS: Mapping[str, Callable[[list[float], tuple[float, ...]], list[float]]] = MappingProxyType(
    {
        "divided_by_norm": divided_by_norm,
        "less_log_sum": classes.less_log_sum,
        "normalized": classes.normalized,
        "softmax": classes.softmax,
    }
)

# The same, to a single number.
REDUCTIONS: Mapping[str, Callable[[list[float], tuple[float, ...]], float]] = MappingProxyType(
    {
        "any_negative": classes.any_negative,
        "any_not_binary": classes.any_not_binary,
        "argmax": classes.argmax,
        "argmax_of_ratios": classes.argmax_of_ratios,
        "greatest": classes.greatest,
        "nearest": classes.nearest,
    }
)
