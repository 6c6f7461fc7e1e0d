"""Source for expressions: each becomes a local variable, or a literal where it is one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

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
    NumberIn,
    NumberText,
    PackedDot,
    Pair,
    Rank,
    Reduced,
    Remap,
    TextIn,
    Weighted,
)
from days_to_sell.scoring.plan.indices import bucket_of
from days_to_sell.scoring.plan.order import Expression, in_order
from days_to_sell.scoring.plan.vectors import Applied, Cells, ForestVote, Pack, Sparse, Vector, VectorIn
from days_to_sell.scoring.rows import runtime
from days_to_sell.scoring.rows.functions import FUNCTIONS, REDUCTIONS, VECTOR_FUNCTIONS
from days_to_sell.scoring.rows.groves import Grove, divided

# Terms of a sum in one statement: Python's own compiler walks them by recursion.
TERMS = 50


class Writer:
    """Writes the body of a function of one row.

    Nothing of a bundle gets into the source but numbers; texts and tables are constants beside it.

    Args:
        inputs: Variable that holds each input column.
    """

    def __init__(self, inputs: dict[str, str]) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self._inputs = inputs
        self._names: dict[int, str] = {}
        self._done: set[int] = set()
        self._groves = 0

    def write(self, wanted: Expression) -> str:
        """Write what computes an expression, unless it is there; give its variable."""
        for each in in_order([wanted], self._done):
            source = self._source(each)
            if not source.isidentifier() and not isinstance(each, Constant | Fixed):
                name = f"v{len(self._names)}"
                self.lines.append(f"{name} = {source}")
                source = name
            self._names[id(each)] = source
        return self._names[id(wanted)]

    def constant(self, value: Any) -> str:
        """Keep a value beside the source; give its name."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def _of(self, expression: Expression) -> str:
        return self._names[id(expression)]

    def _all(self, expressions: Iterable[Expression]) -> str:
        return ", ".join(map(self._of, expressions))

    def _source(self, expression: Expression) -> str:
        of = self._of
        match expression:
            case NumberIn(column) | TextIn(column) | VectorIn(column):
                return self._inputs[column]
            case Constant(value):
                return (
                    f"({value!r})" if value == value and abs(value) != float("inf") else self.constant(value)
                )
            case Fixed(value):
                return repr(value)
            case Arithmetic(operation, left, right):
                return f"{of(left)} {operation} {of(right)}"
            case Apply(function, arguments):
                return f"{self.constant(FUNCTIONS[function])}({self._all(arguments)})"
            case Weighted():
                return self._sum(expression)
            case FromIndex(index):
                return f"float({of(index)})"
            case Lookup(table, index) | Remap(table, index):
                return f"{self.constant(tuple(table))}[{of(index)}]"
            case Element(vector, position):
                return f"{of(vector)}[{position}]"
            case PackedDot(weights, vector):
                return f"{self.constant(runtime.dot)}({self.constant(weights)}, {of(vector)})"
            case Interpolate(number, x, y):
                points = f"{self.constant(x)}, {self.constant(y)}"
                return f"{self.constant(runtime.interpolate)}({of(number)}, {points})"
            case ForestSum() | ForestVote():
                return self._forest(expression)
            case Choose(truth, then, otherwise):
                return f"{of(then)} if {of(truth)} else {of(otherwise)}"
            case Compare(operation, left, right):
                return f"{of(left)} {operation} {of(right)}"
            case IsNaN(number):
                return f"{of(number)} != {of(number)}"
            case IndexIn(index, among):
                one = len(among) == 1
                return f"{of(index)} == {min(among)}" if one else f"{of(index)} in {self.constant(among)}"
            case AnyOf(truths):
                return " or ".join(map(of, truths))
            case Pack(vector):
                return self._pack(vector)
            case Applied(function, vector, constants):
                called = self.constant(VECTOR_FUNCTIONS[function])
                return f"{called}({of(vector)}, {self.constant(constants)})"
            case Reduced(function, vector, constants):
                called = self.constant(REDUCTIONS[function])
                return f"{called}({of(vector)}, {self.constant(constants)})"
            case _:
                return self._index(expression)

    def _index(self, expression: Expression) -> str:
        of = self._of
        match expression:
            case LabelAt(labels, index):
                return f"{self.constant(labels)}[{of(index)}]"
            case NumberText(number, whole):
                return f"{self.constant(whole_text if whole else double_text)}({of(number)})"
            case LabelIndex(text, labels):
                known = {label: position for position, label in enumerate(labels)}
                return f"{self.constant(known.get)}({of(text)}, {len(labels)})"
            case Bucket(number, splits):
                return f"{self.constant(bucket_of)}({of(number)}, {self.constant(splits)})"
            case Category(number, count):
                return f"int({of(number)}) if 0.0 <= {of(number)} < {count} else {count}"
            case Rank(number, values):
                ranks = {value: rank for rank, value in enumerate(values)}
                return f"{self.constant(ranks.get)}({of(number)}, {len(values)})"
            case Pair(first, second):
                return f"{of(first)} * {second.size} + {of(second)}"
            case HashedText(prefix, text, buckets):
                hashed = f"{self.constant(murmur3)}({self.constant(prefix)} + {of(text)})"
                return f"{buckets} if {of(text)} is None else {hashed} % {buckets}"
        raise NotImplementedError(f"no source for {type(expression).__name__}")

    def _sum(self, total: Weighted) -> str:
        terms = [
            of if weight == 1.0 else f"{weight!r} * {of}"
            for weight, of in zip(total.weights, map(self._of, total.numbers), strict=True)
        ]
        source = f"{total.start!r}"
        for first in range(0, len(terms), TERMS):
            if first:
                name = f"s{len(self._names)}_{first}"
                self.lines.append(f"{name} = {source}")
                source = name
            source = " + ".join((source, *terms[first : first + TERMS]))
        return source

    def _forest(self, expression: ForestSum | ForestVote) -> str:
        forest, weights = expression.forest, expression.weights
        calls, total = [], "0.0"
        for trees, features, form in divided(forest):
            name = f"g{self._groves}"
            # One of them is made faster with each row that comes behind the first.
            self._groves += 1
            of_trees = weights[trees] if isinstance(expression, ForestSum) else None
            grove = Grove(
                forest.trees[trees],
                features,
                of_trees,
                forest.leaves,
                form,
                self._groves,
                partial(self.constants.__setitem__, name),
            )
            self.constants[name] = grove
            arguments = self._all(forest.vector[feature] for feature in features)
            if isinstance(expression, ForestSum):
                self.lines.append(f"{name}_sum = {name}({total}, {arguments})")
                total = f"{name}_sum"
            else:
                calls.append(f"{name}({arguments})")
        if isinstance(expression, ForestSum):
            return total
        found = f"[{', '.join(f'*{call}' for call in calls)}]"
        called, leaves = self.constant(runtime.votes), self.constant(forest.leaves)
        return f"{called}({leaves}, {found}, {self.constant(weights)})"

    def _pack(self, vector: Vector) -> str:
        found = []
        for piece in vector.pieces:
            if isinstance(piece, Cells):
                found.append(f"*({self._all(piece.numbers)},)" if piece.numbers else "")
            elif isinstance(piece, Sparse):
                zeros = self.constant([0.0] * piece.width)
                entries = "".join(f"({self._of(i)}, {self._of(value)}), " for i, value in piece.entries)
                found.append(f"*{self.constant(runtime.scattered)}({zeros}, ({entries}))")
            else:
                found.append(f"*{self._of(piece.vector)}")
        return f"[{', '.join(filter(None, found))}]"
