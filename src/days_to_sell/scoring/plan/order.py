"""The order in which expressions are computed: each behind all that it is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

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
    Index,
    IndexIn,
    Interpolate,
    IsNaN,
    LabelAt,
    LabelIndex,
    Lookup,
    Number,
    NumberIn,
    NumberText,
    PackedDot,
    Pair,
    Rank,
    Reduced,
    Remap,
    Text,
    TextIn,
    Truth,
    Weighted,
)
from days_to_sell.scoring.plan.vectors import (
    Applied,
    Cells,
    ForestVote,
    Pack,
    Packed,
    Sparse,
    Stored,
    Vector,
    VectorIn,
)

Expression: TypeAlias = Text | Index | Number | Truth | Packed


def in_order(wanted: Iterable[Expression], done: set[int]) -> Iterator[Expression]:
    """Give expressions and all that they are made from, each once and behind its parts.

    Args:
        wanted: What is to be computed.
        done: Identities of what was given before, which is added to. Whoever holds it holds the expressions
            too, or identities could come again.
    """
    # A stack of its own: expressions of a long pipeline nest deeper than calls may.
    waiting = [(each, False) for each in reversed(list(wanted))]
    while waiting:
        each, ready = waiting.pop()
        if id(each) in done:
            continue
        if ready:
            done.add(id(each))
            yield each
        else:
            waiting.append((each, True))
            waiting += [(part, False) for part in reversed(parts(each))]


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Name what an expression is made from."""
    match expression:
        case NumberIn() | TextIn() | VectorIn() | Constant() | Fixed():
            return ()
        case LabelIndex(text=text) | HashedText(text=text):
            return (text,)
        case LabelAt(index=index) | Remap(index=index) | Lookup(index=index):
            return (index,)
        case FromIndex(index=index) | IndexIn(index=index):
            return (index,)
        case Bucket(number=number) | Category(number=number) | Rank(number=number):
            return (number,)
        case Interpolate(number=number) | IsNaN(number=number) | NumberText(number=number):
            return (number,)
        case Pair(first=first, second=second):
            return (first, second)
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            return (left, right)
        case Apply(arguments=numbers) | Weighted(numbers=numbers):
            return numbers
        case Choose(truth=truth, then=then, otherwise=otherwise):
            return (truth, then, otherwise)
        case AnyOf(truths=truths):
            return truths
        case Element(vector=vector) | PackedDot(vector=vector):
            return (vector,)
        case Applied(vector=vector) | Reduced(vector=vector):
            return (vector,)
        case ForestSum(forest=forest) | ForestVote(forest=forest):
            return tuple(forest.vector[feature] for feature in forest.features)
        case Pack(vector=vector):
            return contents(vector)


def contents(vector: Vector) -> tuple[Expression, ...]:
    """Name what the pieces of a vector are made from."""
    found: list[Expression] = []
    for piece in vector.pieces:
        match piece:
            case Cells(numbers=numbers):
                found += numbers
            case Sparse(entries=entries):
                found += [part for entry in entries for part in entry]
            case Stored(vector=packed):
                found.append(packed)
    return tuple(found)
