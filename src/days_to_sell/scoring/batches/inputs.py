"""Values from outside as arrays, with the positions of those that rows must judge one by one."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from types import NoneType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.kinds import Kind
from days_to_sell.scoring.rows.readers import reader

Array: TypeAlias = NDArray[Any]
Column: TypeAlias = Sequence[Any] | Array
# An array over the rows, a matrix with a column for each row where they hold vectors, and the positions of
# values that could not be read, in whose place anything may stand.
Read: TypeAlias = tuple[Array, list[int]]

# What NumPy turns into the same doubles as ``float`` does, and None into NaN.
_PLAIN_NUMBERS = frozenset({float, int, NoneType})
_PLAIN_BOOLEANS = frozenset({bool, NoneType})
_PLAIN_TEXTS = frozenset({str, NoneType})


class Absent:
    """Stands where a row lacks a column; its type is that of no value."""


def gather(rows: Sequence[Mapping[str, Any]], columns: Collection[str]) -> dict[str, Sequence[Any]]:
    """Take columns out of rows, of which there is at least one."""
    # An itemgetter of one key, or of none, gives no tuple.
    take = itemgetter(*columns) if len(columns) > 1 else lambda row: [row[column] for column in columns]
    try:
        values = list(zip(*map(take, rows), strict=True))
    except KeyError:
        values = list(zip(*([row.get(column, Absent) for column in columns] for row in rows), strict=True))
    return dict(zip(columns, values, strict=True))


def read_column(values: Column, kind: Kind) -> Read:
    """Read one column as single rows are read.

    Args:
        values: The values of the column, one for each row. An array of numbers may stand for a list of them,
            and a matrix with a row for each for a list of vectors.
        kind: What the pipeline reads them as.
    """
    if isinstance(values, np.ndarray):
        if values.dtype.kind in "fiu" and kind.name in ("number", "vector"):
            return _read_array(values, kind)
        # Only of bools does it matter whether they are NumPy's own.
        values = values.tolist() if values.dtype.kind == "b" else list(values)
    readers = {"boolean": _booleans, "number": _numbers, "string": _texts, "vector": _vectors}
    return readers[kind.name](values, kind)


def _read_array(values: Array, kind: Kind) -> Read:
    numbers = values.astype(np.float64)
    count = len(values)
    if kind.name == "number":
        return (numbers, []) if numbers.ndim == 1 else (np.zeros(count), [*range(count)])
    if numbers.ndim == 2 and kind.width in (None, numbers.shape[1]) and numbers.shape[1] >= kind.least:
        return np.ascontiguousarray(numbers.T), []
    return np.zeros((kind.width or kind.least, count)), [*range(count)]


def _numbers(values: Sequence[Any], kind: Kind) -> Read:
    types = list(map(type, values))
    if values and types.count(float) == len(types):
        # Twice as fast as NumPy itself takes floats out of a list.
        return np.frombuffer(struct.pack(f"{len(values)}d", *values)), []
    if set(types) <= _PLAIN_NUMBERS:
        try:
            return np.fromiter(values, np.float64, len(values)), []
        except OverflowError:
            pass
    found, suspects = _one_by_one(values, kind, np.nan)
    return np.fromiter(found, np.float64, len(found)), suspects


def _booleans(values: Sequence[Any], kind: Kind) -> Read:
    if set(map(type, values)) <= _PLAIN_BOOLEANS:
        return np.fromiter(values, np.float64, len(values)), []
    found, suspects = _one_by_one(values, kind, np.nan)
    return np.fromiter(found, np.float64, len(found)), suspects


def _texts(values: Sequence[Any], kind: Kind) -> Read:
    suspects: list[int] = []
    if not set(map(type, values)) <= _PLAIN_TEXTS:
        values, suspects = _one_by_one(values, kind, None)
    return np.array(values, dtype=object), suspects


def _vectors(values: Sequence[Any], kind: Kind) -> Read:
    if (
        not set(map(type, values)) <= {list, tuple}
        or not set(map(type, chain.from_iterable(values))) <= _PLAIN_NUMBERS
    ):
        return _odd_vectors(values, kind)
    widths = set(map(len, values))
    width = widths.pop() if len(widths) == 1 else -1
    if kind.width not in (None, width) or width < kind.least:
        return _odd_vectors(values, kind)
    try:
        elements = np.fromiter(chain.from_iterable(values), np.float64, width * len(values))
    except OverflowError:
        return _odd_vectors(values, kind)
    return np.ascontiguousarray(elements.reshape(len(values), width).T), []


def _odd_vectors(values: Sequence[Any], kind: Kind) -> Read:
    """Read vectors of which some cannot be read, or have another width than the first that can."""
    found, suspects = _one_by_one(values, kind, None)
    width = kind.width
    if width is None:
        width = next((len(vector) for vector in found if vector is not None), kind.least)
    matrix = np.zeros((width, len(found)))
    for position, vector in enumerate(found):
        if vector is not None and len(vector) == width:
            matrix[:, position] = vector
        elif vector is not None:
            suspects.append(position)
    return matrix, suspects


def _one_by_one(values: Sequence[Any], kind: Kind, instead: Any) -> tuple[list[Any], list[int]]:
    """Read each value as a row's is read."""
    read: Callable[[Any], Any] = reader("", kind)
    found, suspects = [], []
    for position, value in enumerate(values):
        try:
            found.append(read(value))
        except (ScoringError, ArithmeticError, TypeError, ValueError):
            # What else than a refusal comes of a type that only says it is a number is for the row to tell.
            found.append(instead)
            suspects.append(position)
    return found, suspects
