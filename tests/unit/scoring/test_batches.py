"""Batches: what arrays make of a plan is what single rows make of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.batches import compile_batch
from days_to_sell.scoring.kinds import NUMBER, STRING, Kind
from days_to_sell.scoring.plan.expressions import (
    AnyOf,
    Apply,
    Arithmetic,
    Bucket,
    Category,
    Choose,
    Compare,
    Constant,
    Fixed,
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
    Pair,
    Rank,
    Remap,
    Text,
    TextIn,
    Truth,
    Weighted,
)
from days_to_sell.scoring.plan.plan import Check, Plan, Stage, Value
from days_to_sell.scoring.plan.vectors import (
    Sparse,
    Vector,
    VectorIn,
    cells,
    joined,
    stored,
)
from days_to_sell.scoring.rows import compile_rows
from days_to_sell.scoring.rows.functions import FUNCTIONS

INPUTS = {"x": NUMBER, "y": NUMBER, "t": STRING, "v": Kind("vector", 3)}
X, Y, T = NumberIn("x"), NumberIn("y"), TextIn("t")
V = stored(VectorIn("v", 3), 3)
EDGES = (-math.inf, -1.0, -0.0, 0.5, 2.0, math.inf)
NUMBERS = [
    *(-math.inf, -1e308, -2.0, -1.0, -5e-324, -0.0, 0.0, 5e-324, 0.5, math.nextafter(0.5, 0), 1.0, 2.0),
    *(math.nextafter(2.0, 3), 3.0, 1e308, math.inf, math.nan),
]
TEXTS = ["", "a", "b", "ü", "petrol", "\ud800", None]


def plan(outputs: Mapping[str, tuple[Value, Kind]], *checks: Check, **inputs: Kind) -> Plan:
    """A pipeline of one stage."""
    stage = Stage("stage", "op", (), {name: value for name, (value, _) in outputs.items()}, checks)
    return Plan(inputs or INPUTS, (stage,), {name: kind for name, (_, kind) in outputs.items()})


def equal(batch: Any, row: Any) -> bool:
    """Whether two answers are one within the rounding of an exponential."""
    if isinstance(row, list):
        return len(batch) == len(row) and all(map(equal, batch, row))
    if isinstance(row, str) or row is None:
        return bool(batch == row)
    return batch == row or (batch != batch and row != row) or math.isclose(batch, row, rel_tol=1e-12)


def assert_batch_is_rows(made: Plan, rows: Sequence[Mapping[str, Any]]) -> None:
    """Hold batch and rows against each other."""
    batch, score = compile_batch(made), compile_rows(made)
    answers, suspects = batch.compute(rows)
    for position, row in enumerate(rows):
        try:
            expected = score(row)
        except ScoringError:
            expected = None
        if expected is None:
            assert position in suspects
        elif position not in suspects:
            for column in made.outputs:
                assert equal(answers[column][position], expected[column]), (column, row)


numbers = st.sampled_from(NUMBERS) | st.floats()
plain_rows = st.fixed_dictionaries(
    {
        "x": numbers | st.none() | st.integers(),
        "y": numbers,
        "t": st.sampled_from(TEXTS),
        "v": st.lists(numbers, min_size=3, max_size=3),
    }
)


@st.composite
def expressions(draw: st.DrawFn) -> tuple[list[Number], list[Index], list[Truth], list[Text]]:
    """Expressions of every kind over one another."""
    found: list[Number] = [X, Y, Constant(draw(numbers.filter(math.isfinite))), V[1]]
    texts: list[Text] = [T]
    indices: list[Index] = [Fixed(draw(st.integers(0, 2)), 3)]
    truths: list[Truth] = [IsNaN(X)]
    finite = st.floats(-1e6, 1e6)
    for _ in range(draw(st.integers(1, 12))):
        number, index, truth, text = (draw(st.sampled_from(each)) for each in (found, indices, truths, texts))
        other = draw(st.sampled_from(found))
        table = [draw(finite) for _ in range(index.size)]
        match draw(st.integers(0, 19)):
            case 0:
                found.append(Arithmetic(draw(st.sampled_from("+-*")), number, other))
            case 1:
                found.append(Arithmetic("/", number, Constant(draw(finite.filter(bool)))))
            case 2:
                found.append(Apply(draw(st.sampled_from(sorted(FUNCTIONS))), (number,)))
            case 3:
                found.append(Lookup(tuple(table), index))
            case 4:
                found.append(FromIndex(index))
            case 5:
                found.append(Choose(truth, number, other))
            case 6:
                weights = draw(st.sampled_from([(1.0, 1.0), (0.5, -3.0)]))
                found.append(Weighted(weights, (number, other), draw(finite)))
            case 7:
                found.append(V.dot([draw(finite) for _ in range(3)], draw(finite)))
            case 8:
                points = sorted(draw(st.sets(finite, min_size=1, max_size=4)))
                found.append(Interpolate(number, tuple(points), tuple(draw(finite) for _ in points)))
            case 9:
                indices.append(LabelIndex(text, ("a", "", "ü")))
            case 10:
                indices.append(Bucket(number, EDGES[draw(st.integers(0, 2)) : draw(st.integers(4, 6))]))
            case 11:
                indices.append(Category(number, draw(st.integers(1, 4))))
            case 12:
                indices.append(Rank(number, tuple(draw(st.permutations([0.0, 0.5, -1.0, 2.0])))))
            case 13:
                size = draw(st.integers(1, 4))
                choices = tuple(draw(st.integers(0, size - 1)) for _ in range(index.size))
                indices.append(Remap(choices, index, size))
            case 14:
                if index.size <= 9:
                    indices.append(Pair(index, draw(st.sampled_from(indices[:3]))))
            case 15:
                indices.append(HashedText("fuel=", text, 5))
            case 16:
                comparison = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
                truths.append(Compare(comparison, number, other))
            case 17:
                truths.append(IndexIn(index, frozenset({0, index.size - 1})))
            case 18:
                truths.append(AnyOf((truth, IsNaN(number))))
            case _:
                texts.append(LabelAt(tuple(f"label {place}" for place in range(index.size)), index))
    return found, indices, truths, texts


@given(expressions(), st.lists(plain_rows, min_size=1, max_size=9), st.data())
def test_arrays_hold_what_single_rows_do(
    made: tuple[list[Number], list[Index], list[Truth], list[Text]],
    rows: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    """Every expression, over edges of every sort, is the same to 12 digits; nothing plain is left to rows."""
    found, indices, truths, texts = made
    everything = cells(found)
    index = data.draw(st.sampled_from(indices))
    sparse = Vector((Sparse(((index, X), (index, Constant(2.0))), index.size - 1),)) if index.size > 1 else V
    vector = joined([everything, sparse, V])
    outputs: dict[str, tuple[Value, Kind]] = {
        "numbers": (vector, Kind("vector", vector.width)),
        "last": (found[-1], NUMBER),
        "text": (texts[-1], STRING),
    }
    check = Check(truths[-1], "refused {}", X)
    rows = [{**row, "x": 2 if isinstance(row["x"], int) else row["x"]} for row in rows]
    assert_batch_is_rows(plan(outputs, check), rows)
    _, suspects = compile_batch(plan(outputs)).compute(rows)
    assert suspects == []
