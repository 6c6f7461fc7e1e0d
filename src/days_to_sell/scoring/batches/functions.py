"""The functions that plans name, over arrays.

Each name stands for what it is in :mod:`days_to_sell.scoring.rows.functions`. Those that NumPy computes as
well stand here; any other is called row by row. So are two of which it could: the last bit of an exponential,
in which NumPy differs from single rows, counts for much where the complementary log-log answers nearly zero,
and where the logarithm of a sum is nearly a value that it is taken from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.scoring.batches import vectors
from days_to_sell.scoring.numerals import LARGEST_WHOLE
from days_to_sell.scoring.rows.functions import (
    EPSILON,
    FUNCTIONS,
    LARGEST,
    REDUCTIONS,
    VECTOR_FUNCTIONS,
)

Array: TypeAlias = NDArray[Any]
Function = Callable[..., Array]
# From vectors, one in each column, and constants to as many vectors or to numbers.
VectorFunction = Callable[[Array, tuple[float, ...]], Array]
VectorOfOne = Callable[[list[float], tuple[float, ...]], Any]


def function(name: str) -> Function:
    """Find the function of numbers of a name."""
    return ARRAY_FUNCTIONS.get(name) or one_by_one(FUNCTIONS[name])


def vector_function(name: str) -> VectorFunction:
    """Find the function of a name that makes vectors of vectors, or numbers."""
    of_one: VectorOfOne = VECTOR_FUNCTIONS.get(name) or REDUCTIONS[name]
    return ARRAY_VECTOR_FUNCTIONS.get(name) or column_by_column(of_one)


def one_by_one(scalar: Callable[..., float]) -> Function:
    """Make a function of numbers one of arrays."""

    def compute(*numbers: Array) -> Array:
        lists = [each.tolist() for each in np.broadcast_arrays(*numbers)]
        return np.fromiter(map(scalar, *lists), np.float64, len(lists[0]))

    return compute


def column_by_column(of_one: VectorOfOne) -> VectorFunction:
    """Make a function of one vector one of many."""

    def compute(vectors: Array, constants: tuple[float, ...]) -> Array:
        answers = [of_one(vector, constants) for vector in vectors.T.tolist()]
        return np.ascontiguousarray(np.array(answers, dtype=np.float64).T)

    return compute


def _logistic(x: Array) -> Array:
    answer: Array = np.reciprocal(1.0 + np.exp(-x))
    return answer


def _finite(mu: Array) -> Array:
    return np.where(np.isinf(mu), np.copysign(LARGEST, mu), mu)


def _positive(mu: Array) -> Array:
    return np.where(mu < EPSILON, EPSILON, _finite(mu))


def _probability(mu: Array) -> Array:
    return np.where(mu < EPSILON, EPSILON, np.minimum(mu, 1.0 - EPSILON))


def _cut_to_zero(x: Array) -> Array:
    return np.where((x > -1.0) & (x < 0.0), 0.0, x)


def _is_whole(x: Array) -> Array:
    return np.where(np.isnan(x) | ((np.abs(x) <= LARGEST_WHOLE) & (x == np.floor(x))), 1.0, 0.0)


def _single(x: Array) -> Array:
    return x.astype(np.float32).astype(np.float64)


ARRAY_FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "cut_to_zero": _cut_to_zero,
        "exp": np.exp,
        "finite": _finite,
        "inverse": np.reciprocal,
        "is_whole": _is_whole,
        "logistic": _logistic,
        "positive": _positive,
        "probability": _probability,
        "single": _single,
        "square": np.square,
    }
)

ARRAY_VECTOR_FUNCTIONS: Mapping[str, VectorFunction] = MappingProxyType(
    {
        "any_negative": vectors.any_negative,
        "any_not_binary": vectors.any_not_binary,
        "argmax": vectors.argmax,
        "argmax_of_ratios": vectors.argmax_of_ratios,
        "divided_by_norm": vectors.divided_by_norm,
        "greatest": vectors.greatest,
        "nearest": vectors.nearest,
        "normalized": vectors.normalized,
        "softmax": vectors.softmax,
    }
)
