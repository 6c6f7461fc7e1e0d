"""Expressions: numbers, indices, truths and texts of one row, as values without a way to compute them.

Every expression is total, as the JVM's arithmetic is: nothing raises, division by zero is infinite. What a
row may not hold is said by the checks of a plan. One object may stand in many places; it is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from days_to_sell.scoring.plan.expression import expression

if TYPE_CHECKING:
    from days_to_sell.scoring.plan.forests import Forest
    from days_to_sell.scoring.plan.vectors import Packed


# Texts: str, or None for null.


@expression
class TextIn:
    """The text of an input column."""

    column: str


@expression
class LabelAt:
    """The label at an index."""

    labels: tuple[str, ...]
    index: Index


@expression
class NumberText:
    """The text that Java writes for a number: for a double, or for a whole number, which is null if NaN."""

    number: Number
    whole: bool


Text: TypeAlias = TextIn | LabelAt | NumberText


# Indices: whole numbers from 0 to size - 1, by which tables are read.


@expression
class LabelIndex:
    """The position of a text among labels; their number for null and any other text."""

    text: Text
    labels: tuple[str, ...]

    @property
    def size(self) -> int:
        """One more than there are labels."""
        return len(self.labels) + 1


@expression
class Bucket:
    """The bucket that a number falls into, as Spark's Bucketizer has it.

    Bucket b of n holds splits[b] <= x < splits[b + 1], the last also its upper split. NaN is n, and a number
    beyond the splits n + 1. -0.0 lies below a split at 0.0, as the JVM's binary search has it.
    """

    number: Number
    splits: tuple[float, ...]

    @property
    def size(self) -> int:
        """Two more than there are buckets."""
        return len(self.splits) + 1


@expression
class Category:
    """A number cut to a whole one from 0 to ``count - 1``; ``count`` for any other number and NaN."""

    number: Number
    count: int

    @property
    def size(self) -> int:
        """One more than there are categories."""
        return self.count + 1


@expression
class Rank:
    """The position of a number among given ones, to which it is exactly equal; their number for any other."""

    number: Number
    values: tuple[float, ...]

    @property
    def size(self) -> int:
        """One more than there are values."""
        return len(self.values) + 1


@expression
class Remap:
    """An index read from a table by another index."""

    table: tuple[int, ...]
    index: Index
    size: int


@expression
class Pair:
    """Two indices as one: ``first * second.size + second``."""

    first: Index
    second: Index

    @property
    def size(self) -> int:
        """Every first with every second."""
        return self.first.size * self.second.size


@expression
class HashedText:
    """The bucket of ``prefix + text`` by Spark's MurmurHash3; the number of buckets for null."""

    prefix: str
    text: Text
    buckets: int

    @property
    def size(self) -> int:
        """One more than there are buckets."""
        return self.buckets + 1


@expression
class Fixed:
    """An index that is the same for every row."""

    value: int
    size: int


Index: TypeAlias = LabelIndex | Bucket | Category | Rank | Remap | Pair | HashedText | Fixed


# Numbers: double precision.


@expression
class NumberIn:
    """The number of an input column; NaN for null."""

    column: str


@expression
class Constant:
    """A number that is the same for every row."""

    value: float


@expression
class Arithmetic:
    """Two numbers, added, subtracted, multiplied, or divided by a constant other than zero."""

    operation: Literal["+", "-", "*", "/"]
    left: Number
    right: Number


@expression
class Apply:
    """A function of numbers, by its name in ``rows.functions`` and ``batches.functions``."""

    function: str
    arguments: tuple[Number, ...]


@expression
class Lookup:
    """A number read from a table by an index."""

    table: tuple[float, ...]
    index: Index


@expression
class FromIndex:
    """An index as a number."""

    index: Index


@expression
class Choose:
    """One number where a truth holds, another where it does not."""

    truth: Truth
    then: Number
    otherwise: Number


@expression
class Weighted:
    """``start`` plus the sum of weights times numbers, added up from the first to the last."""

    weights: tuple[float, ...]
    numbers: tuple[Number, ...]
    start: float = 0.0


@expression
class Element:
    """One element of a packed vector."""

    vector: Packed
    position: int


@expression
class PackedDot:
    """The product of weights and a packed vector of their width, added up from the first to the last."""

    weights: tuple[float, ...]
    vector: Packed


@expression
class Reduced:
    """A number that a function makes of a whole packed vector, by its name as in :class:`Apply`.

    Args:
        function: The name.
        vector: The packed vector.
        constants: What the function takes beside it.
    """

    function: str
    vector: Packed
    constants: tuple[float, ...] = ()


@expression
class Interpolate:
    """A piecewise linear function through points of ascending ``x``, level beyond them; NaN stays NaN."""

    number: Number
    x: tuple[float, ...]
    y: tuple[float, ...]


@expression
class ForestSum:
    """The sum of the trees' answers, each times the weight of its tree."""

    forest: Forest
    weights: tuple[float, ...]


Number: TypeAlias = (
    NumberIn
    | Constant
    | Arithmetic
    | Apply
    | Lookup
    | FromIndex
    | Choose
    | Weighted
    | Element
    | PackedDot
    | Reduced
    | Interpolate
    | ForestSum
)


# Truths.


@expression
class Compare:
    """Whether two numbers stand in an order; with NaN, none but ``!=`` holds."""

    operation: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Number
    right: Number


@expression
class IndexIn:
    """Whether an index is one of some."""

    index: Index
    among: frozenset[int]


@expression
class IsNaN:
    """Whether a number is NaN."""

    number: Number


@expression
class AnyOf:
    """Whether one of some truths holds."""

    truths: tuple[Truth, ...]


Truth: TypeAlias = Compare | IndexIn | IsNaN | AnyOf

Scalar: TypeAlias = Number | Text


def add(numbers: Sequence[Number]) -> Number:
    """Add numbers up from the first to the last."""
    return numbers[0] if len(numbers) == 1 else Weighted((1.0,) * len(numbers), tuple(numbers))
