"""What a batch reads: the plain at once, and the rest left to single rows by its position."""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.batches import Batch, compile_batch
from days_to_sell.scoring.kinds import BOOLEAN, NUMBER, STRING, Kind
from days_to_sell.scoring.plan.expressions import Element, NumberIn, TextIn
from days_to_sell.scoring.plan.plan import Plan, Stage
from days_to_sell.scoring.plan.vectors import VectorIn, stored
from days_to_sell.scoring.rows import compile_rows

HUGE = 10**400
NOTHING = object()
X, T = NumberIn("x"), TextIn("t")


class Grade(enum.IntEnum):
    """A number by another name."""

    GOOD = 3


def plan(kind: Kind) -> Plan:
    """A pipeline that gives back its one column ``x``."""
    value: Any = {"boolean": X, "number": X, "string": TextIn("x"), "vector": VectorIn("x", kind.width)}[
        kind.name
    ]
    value = stored(value, kind.width) if kind.width is not None else value
    return Plan({"x": kind}, (Stage("s", "op", (), {"y": value}),), {"y": kind})


def batch(kind: Kind) -> Batch:
    """The same, for many rows."""
    return compile_batch(plan(kind))


CASES = [
    (NUMBER, [1.5, -0.0, math.inf], []),
    (NUMBER, [1.5, None, 2, 2**53 + 1, -7], []),
    (NUMBER, [Fraction(1, 3), np.float32(0.1), np.float64(0.1), np.int64(7), Grade.GOOD, np.uint8(2)], []),
    (
        NUMBER,
        [1.0, "1.5", True, HUGE, -HUGE, Fraction(HUGE), Decimal("1.5"), np.True_, 1j, [], 2.0],
        [*range(1, 10)],
    ),
    (NUMBER, [1, HUGE, None], [1]),
    (NUMBER, [1.0, NOTHING, 2.0], [1]),
    (BOOLEAN, [True, None, False], []),
    (BOOLEAN, [True, 0, 1.0, 2, "true", np.True_, NOTHING], [3, 4, 5, 6]),
    (STRING, ["a", None, "", "ü\ud800"], []),
    (STRING, ["a", 1.0, math.nan, b"a", np.str_("b"), True, NOTHING], [1, 2, 3, 5, 6]),
    (Kind("vector", 2), [[1.0, 2], (None, -0.0)], []),
    (
        Kind("vector", 2),
        [[1.0, 2.0], [1.0], [1.0, 2.0, 3.0], None, 1.0, "ab", [1.0, "2"], [1.0, True]],
        [*range(1, 8)],
    ),
    (Kind("vector", 2), [[1.0, HUGE], [np.float32(1.0), 2.0], NOTHING, np.array([1.0, 2.0])], [0, 2, 3]),
    (Kind("vector", 0), [[], ()], []),
    (Kind("vector"), [[1.0, 2.0], [3.0, 4.0]], []),
    (Kind("vector", None, 2), [[1.0], [1.0, 2.0], [3.0, 4.0]], [0]),
    (Kind("vector", None, 2), [[1.0], [], None], [0, 1, 2]),
]


@pytest.mark.parametrize(("kind", "values", "suspects"), CASES)
def test_a_batch_reads_what_rows_read_and_doubts_the_rest(
    kind: Kind, values: list[Any], suspects: list[int]
) -> None:
    """A value that rows refuse is doubted; any other becomes what rows make of it."""
    rows: list[dict[str, Any]] = [{} if value is NOTHING else {"x": value} for value in values]
    answers, doubted = batch(kind).compute(rows)
    assert doubted == suspects
    score = compile_rows(plan(kind))
    for position, row in enumerate(rows):
        if position in suspects:
            with pytest.raises(ScoringError):
                score(row)
        else:
            np.testing.assert_equal(answers["y"][position], score(row)["y"])


def test_vectors_of_any_width_are_computed_together_if_they_have_one() -> None:
    """Where widths differ, those unlike the first are left to single rows."""
    rows = [{"x": vector} for vector in ([1.0, 2.0], [3.0], [4.0, 5.0])]
    answers, doubted = batch(Kind("vector")).compute(rows)
    assert (answers["y"][0], answers["y"][2], doubted) == ([1.0, 2.0], [4.0, 5.0], [1])


def test_a_row_with_a_default_has_every_column() -> None:
    """A row is asked for a column as a mapping is, so its default stands in."""
    rows: list[Any] = [defaultdict(lambda: 2.5), {"x": 1.0}]
    assert batch(NUMBER).compute(rows) == ({"y": [2.5, 1.0]}, [])


@pytest.mark.parametrize(
    ("kind", "column", "expected", "suspects"),
    [
        (NUMBER, np.array([1.5, np.nan]), [1.5, math.nan], []),
        (NUMBER, np.array([1, -2], dtype=np.int8), [1.0, -2.0], []),
        (NUMBER, np.array([0.1], dtype=np.float32), [float(np.float32(0.1))], []),
        (NUMBER, np.array([1.5, None, "1.5"], dtype=object), [1.5, math.nan], [2]),
        (NUMBER, np.array([True, False]), [], [0, 1]),
        (NUMBER, np.array(["1.5"]), [], [0]),
        (NUMBER, np.array(["2020-01-01"], dtype="datetime64[D]"), [], [0]),
        (NUMBER, np.ones((2, 2)), [], [0, 1]),
        (NUMBER, [1.5, None], [1.5, math.nan], []),
        (BOOLEAN, np.array([True, False]), [1.0, 0.0], []),
        (BOOLEAN, np.array([1.0, 2.0]), [1.0], [1]),
        (STRING, np.array(["a", None, 1.0], dtype=object), ["a", None], [2]),
        (STRING, np.array(["a", "b"]), ["a", "b"], []),
        (STRING, np.array([1.0]), [], [0]),
        (Kind("vector", 2), np.array([[1.0, 2.0], [3.0, 4.0]]), [[1.0, 2.0], [3.0, 4.0]], []),
        (Kind("vector", 2), np.array([[1.0], [3.0]]), [], [0, 1]),
        (Kind("vector", 2), np.array([1.0, 2.0]), [], [0, 1]),
        (Kind("vector", 2), [[1.0, 2.0], [3.0]], [[1.0, 2.0]], [1]),
        (Kind("vector", None, 3), np.array([[1.0, 2.0]]), [], [0]),
        (Kind("vector"), np.array([[1.0, 2.0]]), [[1.0, 2.0]], []),
    ],
)
def test_columns_are_read_as_rows_are(
    kind: Kind, column: Any, expected: list[Any], suspects: list[int]
) -> None:
    """Arrays of numbers are taken as they are, all else value by value; bools and dates are no numbers."""
    answers, doubted = batch(kind).compute_columns({"x": column}, len(column))
    assert doubted == suspects
    np.testing.assert_equal(answers["y"].tolist()[: len(expected)], expected)
    assert len(answers["y"]) == len(column)


def test_a_column_that_is_not_there_leaves_every_row_in_doubt() -> None:
    """So that rows say what is missing."""
    _, doubted = batch(NUMBER).compute_columns({"z": np.ones(3)}, 3)
    assert doubted == [0, 1, 2]


def test_columns_of_many_rows_are_put_together_again() -> None:
    """More rows than are computed at once come back in their order."""
    made = batch(NUMBER)
    count = 2 * made.at_once + 1
    answers, doubted = made.compute_columns({"x": np.arange(count)}, count)
    assert (answers["y"] == np.arange(count)).all()
    assert doubted == []


@pytest.mark.parametrize("kind", [NUMBER, STRING, Kind("vector", 2)])
def test_no_rows_have_no_answers(kind: Kind) -> None:
    """An empty batch is answered by empty columns."""
    assert batch(kind).compute([]) == ({"y": []}, [])
    answers, doubted = batch(kind).compute_columns({"x": []}, 0)
    assert (len(answers["y"]), doubted) == (0, [])


def test_an_element_of_a_vector_of_any_width_is_found() -> None:
    """A vector that is at least as wide as it must be gives its element; a narrower one is left to rows."""
    kind = Kind("vector", None, 2)
    stage = Stage("s", "op", (), {"y": Element(VectorIn("x", None), 1)})
    made = compile_batch(Plan({"x": kind}, (stage,), {"y": NUMBER}))
    assert made.compute([{"x": [1.0, 2.0, 3.0]}, {"x": [4.0]}, {"x": [5.0, 6.0, 7.0]}]) == (
        {"y": [2.0, 0.0, 6.0]},
        [1],
    )
    assert made.compute([{"x": [1.0]}])[1] == [0]
