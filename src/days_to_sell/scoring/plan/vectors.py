"""Vectors that are never made unless somebody asks for them: what is known of each element, piece by piece.

A one-hot vector of 300 categories is one index here; a product with weights is one look into a table.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from days_to_sell.errors import BundleError
from days_to_sell.scoring.plan.expression import expression
from days_to_sell.scoring.plan.expressions import (
    Apply,
    Arithmetic,
    Choose,
    Constant,
    Element,
    Fixed,
    Index,
    IndexIn,
    Number,
    PackedDot,
    Remap,
    Truth,
    Weighted,
)
from days_to_sell.scoring.plan.indices import index_in, lookup, remap

if TYPE_CHECKING:
    from days_to_sell.scoring.plan.forests import Forest

ONE, ZERO = Constant(1.0), Constant(0.0)
# Elements that are numbers of their own cost some microseconds each to read and to compile.
MAX_CELLS = 50_000


# Packed vectors: lists of numbers that exist while a row is computed.


@expression
class VectorIn:
    """The vector of an input column; ``width`` is None where any will do."""

    column: str
    width: int | None


@expression
class Pack:
    """The elements of a vector, put into a list."""

    vector: Vector


@expression
class Applied:
    """A function of a whole packed vector, by its name in ``rows.functions`` and ``batches.functions``.

    Args:
        function: The name.
        vector: The packed vector.
        constants: What the function takes beside it.
        width: Width of what comes out.
    """

    function: str
    vector: Packed
    constants: tuple[float, ...]
    width: int


@expression
class ForestVote:
    """The sum over trees, each times its weight, of the numbers of a leaf; one number for each class.

    Args:
        forest: The trees.
        weights: One for each tree.
        width: Number of classes.
    """

    forest: Forest
    weights: tuple[float, ...]
    width: int


Packed: TypeAlias = VectorIn | Pack | Applied | ForestVote


# Pieces: what a vector is put together from.


@expression
class Cells:
    """Elements that are numbers of their own."""

    numbers: tuple[Number, ...]

    @property
    def width(self) -> int:
        """Number of elements."""
        return len(self.numbers)


@expression
class Sparse:
    """Elements that are zero but for a few.

    Args:
        entries: Index and value of each that is not; the index ``width`` means that it is nowhere. Values at
            the same index add up.
        width: Number of elements.
    """

    entries: tuple[tuple[Index, Number], ...]
    width: int

    @cached_property
    def origins(self) -> tuple[Mapping[int, frozenset[int]] | None, ...]:
        """For each entry whose index is read from a table, which indices each element is read from."""
        return tuple(_origins(index) if isinstance(index, Remap) else None for index, _ in self.entries)


@expression
class Stored:
    """All elements of a packed vector of known width."""

    vector: Packed
    width: int


Piece: TypeAlias = Cells | Sparse | Stored


@expression
class Vector:
    """A vector of known width.

    Args:
        pieces: What it is put together from, in order.
    """

    pieces: tuple[Piece, ...]

    @cached_property
    def width(self) -> int:
        """Number of elements."""
        return sum(piece.width for piece in self.pieces)

    def __getitem__(self, position: int) -> Number:
        """Give one element, counted from 0."""
        if position not in self._elements:
            piece, inside = self._locate(position)
            self._elements[position] = _element(piece, inside)
        return self._elements[position]

    def __iter__(self) -> Iterator[Number]:
        """Give every element in turn."""
        return (self[position] for position in _one_by_one(self.width))

    def dot(self, weights: Sequence[float], start: float = 0.0) -> Number:
        """Give ``start`` plus the product with weights, as many as the vector is wide."""
        factors: list[float] = []
        numbers: list[Number] = []
        offset = 0
        for piece in self.pieces:
            part = tuple(weights[offset : offset + piece.width])
            offset += piece.width
            match piece:
                case Cells():
                    factors += part
                    numbers += piece.numbers
                case Stored():
                    factors.append(1.0)
                    numbers.append(PackedDot(part, piece.vector))
                case Sparse():
                    table = (*part, 0.0)
                    found = [_weighed(table, index, value) for index, value in piece.entries]
                    factors += [1.0] * len(found)
                    numbers += found
        return Weighted(tuple(factors), tuple(numbers), start)

    def scaled(self, factors: Sequence[float]) -> Vector:
        """Multiply each element by a factor of its own; what is sparse stays so."""
        pieces: list[Piece] = []
        offset = 0
        for piece in self.pieces:
            part = tuple(factors[offset : offset + piece.width])
            offset += piece.width
            if isinstance(piece, Sparse):
                table = (*part, 0.0)
                entries = [(i, times(lookup(table, i), value)) for i, value in piece.entries]
                pieces.append(Sparse(tuple(entries), piece.width))
            else:
                cells = (_element(piece, position) for position in _one_by_one(piece.width))
                pieces.append(Cells(tuple(times(Constant(f), c) for f, c in zip(part, cells, strict=True))))
        return Vector(tuple(pieces))

    def shifted(self, deltas: Sequence[float]) -> Vector:
        """Add to each element a number of its own."""
        return cells([Arithmetic("+", x, Constant(d)) for x, d in zip(self, deltas, strict=True)])

    def mapped(self, function: Callable[[Number], Number], keeps_zero: bool) -> Vector:
        """Apply a function to each element; what is one-hot stays so if the function gives 0 for 0."""
        pieces: list[Piece] = []
        for piece in self.pieces:
            if isinstance(piece, Sparse) and keeps_zero and len(piece.entries) == 1:
                index, value = piece.entries[0]
                pieces.append(Sparse(((index, function(value)),), piece.width))
            else:
                places = _one_by_one(piece.width)
                pieces.append(Cells(tuple(function(_element(piece, at)) for at in places)))
        return Vector(tuple(pieces))

    def sliced(self, positions: Sequence[int]) -> Vector:
        """Cut out the elements at positions, each at most once, in their order."""
        pieces: list[Piece] = []
        located = [self._locate(position) for position in positions]
        for piece, run in groupby(located, key=itemgetter(0)):
            inside = [position for _, position in run]
            if isinstance(piece, Sparse):
                places = {position: place for place, position in enumerate(inside)}
                table = [places.get(position, len(inside)) for position in range(piece.width + 1)]
                entries = ((remap(table, i, len(inside) + 1), value) for i, value in piece.entries)
                pieces.append(Sparse(tuple(entries), len(inside)))
            else:
                pieces.append(Cells(tuple(_element(piece, position) for position in inside)))
        return Vector(tuple(pieces))

    def entries(self) -> list[tuple[Index, Number]]:
        """Give index and value of each element that may not be zero; the index ``width`` means nowhere."""
        found: list[tuple[Index, Number]] = []
        for piece, end in zip(self.pieces, self._ends, strict=True):
            start = end - piece.width
            if isinstance(piece, Sparse):
                table = [*range(start, end), self.width]
                found += [(remap(table, i, self.width + 1), value) for i, value in piece.entries]
            else:
                places = _one_by_one(piece.width)
                found += [(Fixed(start + at, self.width + 1), _element(piece, at)) for at in places]
        return found

    def packed(self) -> Packed:
        """Give the vector as a list; always the same one."""
        return self._packed

    @cached_property
    def _packed(self) -> Packed:
        whole = self.pieces[0] if len(self.pieces) == 1 else None
        return whole.vector if isinstance(whole, Stored) else Pack(self)

    @cached_property
    def _elements(self) -> dict[int, Number]:
        return {}

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(piece.width for piece in self.pieces))

    def _locate(self, position: int) -> tuple[Piece, int]:
        if not 0 <= position < self.width:
            raise IndexError(f"element {position} of a vector of {self.width}")
        # A piece without elements ends where it starts, and holds no position.
        found = bisect_right(self._ends, position)
        piece = self.pieces[found]
        return piece, position - self._ends[found] + piece.width


def cells(numbers: Sequence[Number]) -> Vector:
    """Put numbers together."""
    return Vector((Cells(tuple(numbers)),))


def one_hot(index: Index, width: int) -> Vector:
    """Give a vector that is 1 at an index and 0 elsewhere; the index ``width`` means nowhere."""
    return Vector((Sparse(((index, ONE),), width),))


def stored(packed: Packed, width: int) -> Vector:
    """Give the elements of a packed vector of known width."""
    return Vector((Stored(packed, width),))


def joined(vectors: Sequence[Vector]) -> Vector:
    """Put vectors one behind another."""
    return Vector(tuple(piece for vector in vectors for piece in vector.pieces))


def times(left: Number, right: Number) -> Number:
    """Multiply; a factor of one is left out."""
    if isinstance(left, Constant) and left.value == 1.0:
        return right
    if isinstance(right, Constant) and right.value == 1.0:
        return left
    return Arithmetic("*", left, right)


def apply(function: str, *arguments: Number) -> Number:
    """Apply a function by its name."""
    return Apply(function, arguments)


def _weighed(table: Sequence[float], index: Index, value: Number) -> Number:
    """Give the value of an entry times its weight; 0 where it is nowhere, be the value infinite or NaN."""
    product = times(lookup(table, index), value)
    nowhere = None if value is ONE else index_in(index, [len(table) - 1])
    return product if nowhere is None else Choose(nowhere, ZERO, product)


def _one_by_one(width: int) -> range:
    if width > MAX_CELLS:
        raise BundleError(
            f"needs each of {width} elements of a vector by itself; at most {MAX_CELLS} can be, so bound the "
            "vector, or score with engine=jvm"
        )
    return range(width)


def _origins(index: Remap) -> Mapping[int, frozenset[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for origin, element in enumerate(index.table):
        found[element].add(origin)
    return defaultdict(frozenset, {element: frozenset(origins) for element, origins in found.items()})


def _read_from(index: Index, origins: frozenset[int]) -> Truth | None:
    return IndexIn(index.index, origins) if origins and isinstance(index, Remap) else None


def _element(piece: Piece, position: int) -> Number:
    match piece:
        case Cells():
            return piece.numbers[position]
        case Stored():
            return Element(piece.vector, position)
        case Sparse():
            here: list[Number] = []
            for (index, value), origins in zip(piece.entries, piece.origins, strict=True):
                truth = (
                    index_in(index, [position]) if origins is None else _read_from(index, origins[position])
                )
                if truth is not None:
                    here.append(Choose(truth, value, ZERO))
            return Weighted((1.0,) * len(here), tuple(here)) if len(here) > 1 else (here or [ZERO])[0]
