"""Functions of many vectors at once, as :mod:`days_to_sell.scoring.rows.functions` names them of one.

Each vector is a column of a matrix. What is added up is added from the first element to the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.scoring.rows.functions import power

Array: TypeAlias = NDArray[Any]


def added_up(terms: Array) -> Array:
    """Add the rows of a matrix up from the first to the last."""
    # NumPy reduces row by row, in order; only a single column would be one run of numbers to it, which it
    # adds up in pairs.
    total: Array = (
        np.add.reduce(terms, axis=0) if terms.shape[1] != 1 else np.add.accumulate(terms, axis=0)[-1]
    )
    return total


def divided_by_norm(values: Array, norms: Sequence[float]) -> Array:
    """Each vector divided by its p-norm, unless that is zero; the infinite norm passes over NaN."""
    p, sizes = norms[0], np.abs(values)
    norm: Array
    if p == 1.0:
        norm = added_up(sizes)
    elif p == 2.0:
        norm = np.sqrt(added_up(values * values))
    elif p == np.inf:
        norm = np.fmax.reduce(sizes, axis=0, initial=0.0)
    else:
        # Number by number as for single rows: near the largest number a last bit decides on infinity.
        powers = np.array([power(size, p) for size in sizes.ravel().tolist()])
        totals = added_up(powers.reshape(sizes.shape))
        norm = np.array([power(total, 1.0 / p) for total in totals.tolist()])
    return np.where(norm != 0.0, values / norm, values)


def normalized(values: Array, _: Sequence[float]) -> Array:
    """Each value as a share of their sum; zeros stay zeros."""
    total = added_up(values)
    return np.where(total != 0.0, values / total, values)


def softmax(values: Array, _: Sequence[float]) -> Array:
    """The exponential of each value as a share of their sum; an infinite value takes all."""
    powers = np.exp(values - np.fmax.reduce(values, axis=0))
    shares: Array = np.reciprocal(added_up(powers)) * powers
    infinite = values == np.inf
    if not infinite.any():
        return shares
    takes_all = np.arange(len(values))[:, None] == infinite.argmax(axis=0)
    return np.where(infinite.any(axis=0), np.where(takes_all, 1.0, 0.0 * values), shares)


def argmax(values: Array, _: Sequence[float]) -> Array:
    """The position of the first value that no other exceeds; a NaN in front stays the greatest."""
    return np.asarray(_first_greatest(values), dtype=np.float64)


def argmax_of_ratios(values: Array, divisors: Sequence[float]) -> Array:
    """The position of the first value that is greatest when divided by its divisor; NaN never is."""
    ratios = values / np.array(divisors)[:, None]
    return np.asarray(np.where(np.isnan(ratios), -np.inf, ratios).argmax(axis=0), dtype=np.float64)


def greatest(values: Array, _: Sequence[float]) -> Array:
    """The first value that no other exceeds; a NaN in front stays the greatest."""
    return np.asarray(np.take_along_axis(values, _first_greatest(values)[None, :], axis=0)[0])


def nearest(points: Array, centers: Sequence[float]) -> Array:
    """The position of the first of some centers that none is nearer than; NaN where a point holds NaN."""
    between = (points - center[:, None] for center in np.array(centers).reshape(-1, len(points)))
    distances = np.stack([added_up(each * each) for each in between])
    return np.where(np.isnan(distances[0]), np.nan, distances.argmin(axis=0))


def any_negative(values: Array, _: Sequence[float]) -> Array:
    """1 if a value is below zero or NaN, else 0."""
    return np.where((values >= 0.0).all(axis=0), 0.0, 1.0)


def any_not_binary(values: Array, _: Sequence[float]) -> Array:
    """1 if a value is neither 0 nor 1, else 0."""
    return np.where(((values == 0.0) | (values == 1.0)).all(axis=0), 0.0, 1.0)


def _first_greatest(values: Array) -> NDArray[np.intp]:
    found: NDArray[np.intp] = np.where(np.isnan(values), -np.inf, values).argmax(axis=0)
    return np.where(np.isnan(values[0]), 0, found)
