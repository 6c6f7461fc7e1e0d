"""Trees in single rows answer the same while they are walked, when they are compiled, and by masks."""

from __future__ import annotations

import math
import random
from types import FunctionType
from typing import Any

import pytest

from days_to_sell.scoring.answers import Score
from days_to_sell.scoring.kinds import NUMBER, Kind
from days_to_sell.scoring.plan.expressions import ForestSum, NumberIn
from days_to_sell.scoring.plan.forests import Forest, Split, Tree
from days_to_sell.scoring.plan.plan import Plan, Stage, Value
from days_to_sell.scoring.plan.vectors import ForestVote, cells, stored
from days_to_sell.scoring.rows import compile_rows, groves, masks

TREES, DEPTH = 60, 5
# As Spark does, trees share their thresholds.
THRESHOLDS = [number / 7 for number in range(22)]


def grow(chance: random.Random, depth: int, leaves: list[tuple[float, ...]]) -> Tree:
    """A tree whose splits are by threshold and by category."""
    if depth == 0 or chance.random() < 0.05:
        leaves.append((chance.uniform(-1.0, 1.0), chance.random()))
        return len(leaves) - 1
    categories = frozenset(chance.sample((0.0, 1.0, 2.0, 3.0), chance.randrange(4)))
    by_category = chance.random() < 0.3
    return Split(
        chance.randrange(4),
        math.nan if by_category else chance.choice(THRESHOLDS),
        categories if by_category else None,
        grow(chance, depth - 1, leaves),
        grow(chance, depth - 1, leaves),
    )


def scorer(trees: int = TREES, depth: int = DEPTH) -> Score:
    """A forest asked for its sum and for its votes."""
    chance = random.Random(7)  # noqa: S311 - trees, not secrets
    leaves: list[tuple[float, ...]] = []
    grown = tuple(grow(chance, depth, leaves) for _ in range(trees))
    forest = Forest(grown, tuple(leaves), cells([NumberIn(name) for name in "abcd"]))
    weights = tuple(chance.choice((1.0, 0.1)) for _ in grown)
    outputs: dict[str, Value] = {
        "sum": ForestSum(forest, weights),
        "votes": stored(ForestVote(forest, weights, 2), 2),
    }
    kinds = {"sum": NUMBER, "votes": Kind("vector", 2)}
    return compile_rows(Plan(dict.fromkeys("abcd", NUMBER), (Stage("n", "o", (), outputs),), kinds))


def walked(score: Score) -> list[Any]:
    """What a scorer calls that is not compiled yet."""
    return [each for each in score.__globals__.values() if isinstance(each, groves.Grove)]  # type: ignore[attr-defined]


def test_every_row_compiles_some_trees_and_no_answer_changes() -> None:
    """The first row walks all of them, the last walks none; one row gets the same answer from each."""
    score = scorer()
    row = {"a": 1.0, "b": 0.5, "c": 2.0, "d": math.nan}
    first = score(row)
    waiting = [len(walked(score))]
    assert waiting[0] > 4
    while walked(score):
        assert score(row) == first
        waiting.append(len(walked(score)))
    assert waiting == list(range(waiting[0], -1, -1))
    assert score(row) == first
    assert sum(isinstance(each, FunctionType) for each in score.__globals__.values()) > waiting[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("trees", "depth"), [(60, 5), (9, 3), (9, 4), (9, 6), (9, 8), (1, 7)])
@pytest.mark.parametrize("form", ["code", "masks"])
def test_rows_of_all_kinds_are_led_alike(
    monkeypatch: pytest.MonkeyPatch, form: str, trees: int, depth: int
) -> None:
    """Numbers on thresholds and beside them, categories, NaN and infinities; for masks of every size."""
    monkeypatch.setattr(masks, "LEAST_SPLITS", 1 if form == "masks" else 1 << 30)
    score = scorer(trees, depth)
    waiting = walked(score)
    assert {grove._form for grove in waiting} == {form}
    assert (form == "code") or len(waiting) == 2
    chance = random.Random(8)  # noqa: S311 - rows, not secrets
    values = [0.0, -0.0, 1.0, 2.0, 3.0, math.nan, math.inf, -math.inf]
    rows = [{name: chance.choice([*values, chance.uniform(0.0, 3.0)]) for name in "abcd"} for _ in range(60)]
    for each in THRESHOLDS[:20]:
        rows += [
            dict.fromkeys("abcd", value)
            for value in (each, math.nextafter(each, 9), math.nextafter(each, -9))
        ]
    monkeypatch.setattr(groves, "MAX_TREE_SPLITS", -1)
    monkeypatch.setattr(masks, "LEAST_SPLITS", 1 << 30)
    never = scorer(trees, depth)
    answers = [score(row) for row in rows]
    assert walked(score) == []
    assert walked(never)
    assert answers == [never(row) for row in rows]


def test_masks_are_for_many_splits_that_ask_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few splits, or so different ones that masks would take much memory or time to make, are compiled."""
    assert {grove._form for grove in walked(scorer())} == {"code"}
    monkeypatch.setattr(masks, "LEAST_SPLITS", 100)
    assert {grove._form for grove in walked(scorer())} == {"masks"}
    for bound in ("MAX_BYTES", "MAX_STEPS"):
        with monkeypatch.context() as bounded:
            bounded.setattr(masks, bound, 1_000)
            assert {grove._form for grove in walked(scorer())} == {"code"}


def test_a_tree_too_large_to_compile_is_walked_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers as it does compiled."""
    row = {"a": 1.0, "b": 0.5, "c": 2.0, "d": 1.5}
    expected = scorer(trees=3)(row)
    monkeypatch.setattr(groves, "MAX_TREE_SPLITS", 20)
    score = scorer(trees=3)
    assert [score(row) for _ in range(10)] == [expected] * 10
    assert len(walked(score)) == 2
