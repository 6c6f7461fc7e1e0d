"""How each expression is computed over arrays of its parts.

A number is an array of doubles over the rows, a text one of objects, a truth one of bools and an index one of
``intp``; a packed vector is a matrix with a column for each row, so that each of its elements is contiguous.
What is the same for every row may have length 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from days_to_sell.scoring.batches.forests import lay_out
from days_to_sell.scoring.batches.functions import function, vector_function
from days_to_sell.scoring.batches.indices import buckets, categories, ranks
from days_to_sell.scoring.batches.vectors import added_up
from days_to_sell.scoring.hashing import murmur3
from days_to_sell.scoring.numerals import double_text, whole_text
from days_to_sell.scoring.plan.expressions import (
    AnyOf,
    Apply,
    Arithmetic,
    Bucket,
    Category,
    Choose,
    Compare,
    Constant,
    Element,
    Fixed,
    ForestSum,
    FromIndex,
    HashedText,
    IndexIn,
    Interpolate,
    IsNaN,
    LabelAt,
    LabelIndex,
    Lookup,
    NumberText,
    PackedDot,
    Pair,
    Rank,
    Reduced,
    Remap,
    Weighted,
)
from days_to_sell.scoring.plan.order import Expression
from days_to_sell.scoring.plan.vectors import Applied, Cells, ForestVote, Pack, Sparse, Vector

Array: TypeAlias = NDArray[Any]
# Takes the arrays of what ``plan.order.parts`` names, in that order.
Kernel = Callable[..., Array]

_OPERATIONS: Mapping[str, Kernel] = MappingProxyType(
    {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.divide,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
        "==": np.equal,
        "!=": np.not_equal,
    }
)


def kernel(expression: Expression) -> Kernel:
    """Make the function that computes an expression which is no input."""
    match expression:
        case Constant(value):
            return _always(np.array([value], dtype=np.float64))
        case Arithmetic(operation) | Compare(operation):
            return _OPERATIONS[operation]
        case Apply(name):
            return function(name)
        case Weighted():
            return _weighted(expression)
        case FromIndex():
            return lambda index: index.astype(np.float64)
        case Lookup(table):
            return np.array(table, dtype=np.float64).take
        case Element(_, position):
            return lambda vector: vector[position]
        case PackedDot(weights):
            factors = np.array(weights, dtype=np.float64)[:, None]
            return lambda vector: added_up(vector * factors)
        case Interpolate(_, x, y):
            return _interpolate(x, y)
        case ForestSum() | ForestVote():
            return _forest(expression)
        case Choose():
            return np.where
        case IsNaN():
            return np.isnan
        case IndexIn(index, among):
            return np.isin(np.arange(index.size), sorted(among)).take
        case AnyOf():
            return _any_of
        case Pack(vector):
            return _pack(vector)
        case Applied(name, _, constants) | Reduced(name, _, constants):
            compute = vector_function(name)
            return lambda vectors: compute(vectors, constants)
        case _:
            return _index(expression)


def _index(expression: Expression) -> Kernel:
    match expression:
        case Fixed(value):
            return _always(np.array([value], dtype=np.intp))
        case LabelAt(labels):
            return np.array(labels, dtype=object).take
        case NumberText(_, whole):
            return _written(whole_text if whole else double_text)
        case LabelIndex(_, labels):
            return _label_index(labels)
        case Bucket(_, splits):
            return buckets(splits)
        case Category(_, count):
            return categories(count)
        case Rank(_, values):
            return ranks(values)
        case Remap(table):
            return np.array(table, dtype=np.intp).take
        case Pair(_, second):
            size = second.size
            return lambda high, low: high * size + low
        case HashedText(prefix, _, count):
            return _hashed(prefix, count)
    raise NotImplementedError(f"no kernel for {type(expression).__name__}")


def _always(value: Array) -> Kernel:
    return lambda: value


def _any_of(*truths: Array) -> Array:
    answer = truths[0]
    for truth in truths[1:]:
        answer = answer | truth
    return answer


def _weighted(total: Weighted) -> Kernel:
    start = np.array([total.start])

    def compute(*numbers: Array) -> Array:
        answer = start
        for weight, number in zip(total.weights, numbers, strict=True):
            answer = answer + (number if weight == 1.0 else number * weight)
        return answer

    return compute


def _interpolate(x: Sequence[float], y: Sequence[float]) -> Kernel:
    xs, ys = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)

    def compute(numbers: Array) -> Array:
        right = np.searchsorted(xs, numbers).clip(min(1, len(xs) - 1), len(xs) - 1)
        x1, y1, x2, y2 = xs.take(right - 1), ys.take(right - 1), xs.take(right), ys.take(right)
        between = np.where(numbers == x2, y2, y1 + (y2 - y1) * (numbers - x1) / (x2 - x1))
        return np.where(numbers <= xs[0], ys[0], np.where(numbers >= xs[-1], ys[-1], between))

    return compute


def _written(write: Callable[[float], str | None]) -> Kernel:
    def compute(numbers: Array) -> Array:
        return np.array([*map(write, numbers.tolist()), None], dtype=object)[:-1]

    return compute


def _label_index(labels: Sequence[str]) -> Kernel:
    known = {label: position for position, label in enumerate(labels)}

    def compute(texts: Array) -> Array:
        return np.fromiter(map(known.get, texts.tolist(), repeat(len(labels))), np.intp, len(texts))

    return compute


def _hashed(prefix: str, count: int) -> Kernel:
    def compute(texts: Array) -> Array:
        found = texts.tolist()
        known = {text: count if text is None else murmur3(prefix + text) % count for text in set(found)}
        return np.fromiter(map(known.__getitem__, found), np.intp, len(found))

    return compute


def _forest(expression: ForestSum | ForestVote) -> Kernel:
    layout, leaves = lay_out(expression.forest), expression.forest.leaves
    # What each node adds to each class: its leaf's number, times the weight of its tree.
    tables = np.array(leaves, dtype=np.float64).T.take(layout.leaf, axis=1)
    tables *= layout.of_nodes(expression.weights)

    def total(*features: Array) -> Array:
        return np.concatenate([added_up(tables[0].take(nodes)) for nodes in layout.walk(features)])

    def votes(*features: Array) -> Array:
        found = [[added_up(table.take(nodes)) for table in tables] for nodes in layout.walk(features)]
        return np.concatenate(found, axis=1)

    return votes if isinstance(expression, ForestVote) else total


def _pack(vector: Vector) -> Kernel:
    def compute(*parts: Array) -> Array:
        count = max((part.shape[-1] for part in parts), default=1)
        # One more row, where that is put which is nowhere.
        matrix = np.empty((vector.width + 1, count))
        waiting, row, every = iter(parts), 0, np.arange(count)
        for piece in vector.pieces:
            if isinstance(piece, Cells):
                for place in range(row, row + piece.width):
                    matrix[place] = next(waiting)
            elif isinstance(piece, Sparse):
                matrix[row : row + piece.width] = 0.0
                for _ in piece.entries:
                    index, value = next(waiting), next(waiting)
                    matrix[np.where(index < piece.width, index + row, vector.width), every] += value
            else:
                matrix[row : row + piece.width] = next(waiting)
            row += piece.width
        return matrix[:-1]

    return compute
