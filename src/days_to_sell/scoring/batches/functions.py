"""The functions that plans name, over arrays.

Each name stands for what it is in :mod:`days_to_sell.scoring.rows.functions`. Those that NumPy computes as
well stand here; any other is called number by number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.scoring.rows.functions import EPSILON, FUNCTIONS, LARGEST, VECTOR_FUNCTIONS

Array: TypeAlias = NDArray[Any]
Function = Callable[..., Array]
# From vectors, one in each column, and constants to as many vectors.
VectorFunction = Callable[[Array, tuple[float, ...]], Array]


def function(name: str) -> Function:
    """Find the function of a name."""
    return ARRAY_FUNCTIONS.get(name) or one_by_one(FUNCTIONS[name])


def vector_function(name: str) -> VectorFunction:
    """Find the function of whole vectors of a name."""
    return column_by_column(VECTOR_FUNCTIONS[name])


def one_by_one(scalar: Callable[..., float]) -> Function:
    """Make a function of numbers one of arrays."""

    def compute(*numbers: Array) -> Array:
        lists = [each.tolist() for each in np.broadcast_arrays(*numbers)]
        return np.fromiter(map(scalar, *lists), np.float64, len(lists[0]))

    return compute


def column_by_column(of_one: Callable[[list[float], tuple[float, ...]], list[float]]) -> VectorFunction:
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


# The complementary log-log is not among them: where its answer is near zero, the last bit of an exponential
# counts for much, and NumPy's differs there from that of single rows.
ARRAY_FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "exp": np.exp,
        "finite": _finite,
        "inverse": np.reciprocal,
        "logistic": _logistic,
        "positive": _positive,
        "probability": _probability,
        "square": np.square,
    }
)
