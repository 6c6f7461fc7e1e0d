"""Batches: what arrays make of a plan is what single rows make of it."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.batches import compile_batch
from days_to_sell.scoring.batches.forests import lay_out
from days_to_sell.scoring.batches.functions import (
    ARRAY_FUNCTIONS,
    ARRAY_VECTOR_FUNCTIONS,
    function,
    vector_function,
)
from days_to_sell.scoring.batches.levels import Levels
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
    Pair,
    Rank,
    Reduced,
    Remap,
    Text,
    TextIn,
    Truth,
    Weighted,
)
from days_to_sell.scoring.plan.forests import Forest, Split, Tree
from days_to_sell.scoring.plan.plan import Check, Plan, Stage, Value
from days_to_sell.scoring.plan.vectors import (
    ForestVote,
    Sparse,
    Vector,
    VectorIn,
    cells,
    joined,
    one_hot,
    stored,
)
from days_to_sell.scoring.rows import compile_rows
from days_to_sell.scoring.rows.functions import FUNCTIONS, REDUCTIONS, VECTOR_FUNCTIONS
from days_to_sell.scoring.rows.groves import SPLITS as SPLITS_OF_A_GROVE

INPUTS = {"x": NUMBER, "y": NUMBER, "t": STRING, "v": Kind("vector", 3)}
X, Y, T = NumberIn("x"), NumberIn("y"), TextIn("t")
V = stored(VectorIn("v", 3), 3)
SPLITS = [(-math.inf, 0.0, 2.0), (-1.0, -0.0, 0.5), (-2.0, -1.0, 0.0), (0.0, 1.0, math.inf), (-1.0, 1.0)]
NUMBERS = [
    *(-math.inf, -1e308, -2.0, -1.0, -5e-324, -0.0, 0.0, 5e-324, 0.5, math.nextafter(0.5, 0), 1.0, 2.0),
    *(math.nextafter(2.0, 3), 3.0, 1e308, math.inf, math.nan),
]
# Those that have no exponential, in whose last bit arrays may differ.
EXACT = ["finite", "inverse", "is_whole", "normal_cdf", "positive", "probability", "single", "square"]
TEXTS = ["", "a", "b", "ü", "petrol", "\ud800", None]


def plan(outputs: Mapping[str, tuple[Value, Kind]], *checks: Check, **inputs: Kind) -> Plan:
    """A pipeline of one stage."""
    stage = Stage("stage", "op", (), {name: value for name, (value, _) in outputs.items()}, checks)
    return Plan(inputs or INPUTS, (stage,), {name: kind for name, (_, kind) in outputs.items()})


def same(left: Any, right: Any, tolerance: float = 0.0) -> bool:
    """Whether two answers are one; NaN is NaN."""
    if isinstance(right, list):
        return len(left) == len(right) and all(
            same(*each, tolerance) for each in zip(left, right, strict=True)
        )
    if isinstance(right, str) or right is None:
        return bool(left == right)
    return left == right or (left != left and right != right) or math.isclose(left, right, rel_tol=tolerance)


def assert_batch_is_rows(made: Plan, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Hold a batch against single rows, digit by digit; give the rows that it is not sure of."""
    answers, suspects = compile_batch(made).compute(rows)
    score = compile_rows(made)
    for position, row in enumerate(rows):
        try:
            expected = score(row)
        except ScoringError:
            expected = None
        assert expected is not None or position in suspects
        if expected is not None and position not in suspects:
            for column in made.outputs:
                assert same(answers[column][position], expected[column]), (column, row)
    return suspects


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
        match draw(st.integers(0, 20)):
            case 0:
                found.append(Arithmetic(draw(st.sampled_from("+-*")), number, other))
            case 1:
                found.append(Arithmetic("/", number, Constant(draw(finite.filter(bool)))))
            case 2:
                found.append(Apply(draw(st.sampled_from(EXACT)), (number,)))
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
                indices.append(Bucket(number, draw(st.sampled_from(SPLITS))))
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
            case 19:
                texts.append(NumberText(number, draw(st.booleans())))
            case _:
                texts.append(LabelAt(tuple(f"label {place}" for place in range(index.size)), index))
    return found, indices, truths, texts


@given(expressions(), st.lists(plain_rows, min_size=1, max_size=9), st.data())
def test_arrays_hold_what_single_rows_do(
    made: tuple[list[Number], list[Index], list[Truth], list[Text]],
    rows: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    """Every expression, over edges of every sort, is the same; only what is checked is doubted."""
    found, indices, truths, texts = made
    index = data.draw(st.sampled_from(indices))
    sparse = Vector((Sparse(((index, X), (index, Constant(2.0))), index.size - 1),))
    places = [FromIndex(each) for each in indices]
    answers = [Choose(truth, Constant(1.0), Constant(0.0)) for truth in truths]
    vector = joined([cells(found), cells(places), cells(answers), sparse, V])
    outputs: dict[str, tuple[Value, Kind]] = {
        "numbers": (vector, Kind("vector", vector.width)),
        "last": (found[-1], NUMBER),
        "text": (texts[-1], STRING),
    }
    assert_batch_is_rows(plan(outputs, Check(truths[-1], "refused {}", X), Check(IsNaN(Y))), rows)
    assert assert_batch_is_rows(plan(outputs), rows) == []


def test_numbers_fall_into_the_same_places() -> None:
    """Buckets, categories and ranks on, beside and beyond every edge, with either zero for either zero."""
    indices: list[Index] = [Bucket(X, splits) for splits in SPLITS]
    indices += [Category(X, 3), Rank(X, (0.5, -1.0, -0.0)), Rank(X, (0.0,)), Rank(X, ())]
    vector = cells([FromIndex(index) for index in indices])
    made = plan({"places": (vector, Kind("vector", vector.width))}, x=NUMBER)
    assert assert_batch_is_rows(made, [{"x": number} for number in NUMBERS]) == []


@given(st.lists(numbers, min_size=1, max_size=20))
def test_functions_of_arrays_are_those_of_numbers(values: list[float]) -> None:
    """Each function answers over arrays what it does for one number, but for the last digits."""
    with np.errstate(all="ignore"):
        answers = {name: function(name)(np.array(values)).tolist() for name in FUNCTIONS}
    for name, answer in answers.items():
        assert same(answer, [FUNCTIONS[name](value) for value in values], tolerance=1e-12), name


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1)
    )
)
def test_functions_of_many_vectors_are_those_of_one(vectors: list[list[float]]) -> None:
    """Each function of vectors answers for many what it does for one, but for the last digits."""
    of_one: dict[str, Any] = {**VECTOR_FUNCTIONS, **REDUCTIONS}
    for name, constants in product(of_one, [(0.5, 0.0, 2.0, 0.25), (2.0,) * 4, (math.inf,) * 4, (1.0,) * 4]):
        few = constants[: len(vectors[0])]
        with np.errstate(all="ignore"):
            answers = vector_function(name)(np.array(vectors).T, few).T.tolist()
        assert same(answers, [of_one[name](list(vector), few) for vector in vectors], tolerance=1e-12), name


def test_every_name_of_an_array_function_is_known() -> None:
    """Whatever is written for arrays has its twin for single rows."""
    assert ARRAY_FUNCTIONS.keys() <= FUNCTIONS.keys()
    assert ARRAY_VECTOR_FUNCTIONS.keys() <= {*VECTOR_FUNCTIONS, *REDUCTIONS}


def branches(depth: int) -> st.SearchStrategy[Tree]:
    """Trees over four features, whose leaves are 0 to 5; the first two are split by category too."""
    leaf: st.SearchStrategy[Tree] = st.integers(0, 5)
    if depth == 0:
        return leaf
    below = branches(depth - 1)
    by_threshold = st.builds(
        Split, st.integers(0, 3), st.sampled_from([-1.0, -0.0, 0.5, 2.0]), st.none(), below, below
    )
    some = st.frozensets(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0]))
    by_category = st.builds(Split, st.integers(0, 1), st.just(math.nan), some, below, below)
    return leaf | by_threshold | by_category


@given(
    st.lists(branches(4), min_size=1, max_size=8),
    st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=1, max_size=40),
    st.data(),
)
def test_forests_lead_many_rows_where_they_lead_one(
    trees: list[Tree], rows: list[list[float]], data: st.DataObject
) -> None:
    """Trees of any depths, by threshold and category, for values on, beside and off them, and for NaN."""
    weights = tuple(
        data.draw(st.lists(st.sampled_from([1.0, 0.1, -2.5]), min_size=len(trees), max_size=len(trees)))
    )
    vector = cells([NumberIn(name) for name in "abcd"])
    total = ForestSum(
        Forest(tuple(trees), ((0.1,), (-7.5,), (1e16,), (-1e16,), (0.0,), (3.0,)), vector), weights
    )
    classes = ((1.0, 0.0), (0.5, 0.5), (1e16, 0.3), (3.0, -1e16), (0.0, 0.0), (0.1, 0.2))
    vote = stored(ForestVote(Forest(tuple(trees), classes, vector), weights, 2), 2)
    made = plan(
        {"sum": (total, NUMBER), "votes": (vote, Kind("vector", 2))}, a=NUMBER, b=NUMBER, c=NUMBER, d=NUMBER
    )
    assert assert_batch_is_rows(made, [dict(zip("abcd", row, strict=True)) for row in rows]) == []


def test_large_forests_are_added_up_tree_by_tree() -> None:
    """Forests that single rows divide into groves come to the same sums, though their answers cancel out."""
    leaves = tuple((10.0**place * (-1) ** place / 3.0,) for place in range(17))
    trees: list[Tree] = []
    for number in range(3 * SPLITS_OF_A_GROVE):
        trees.append(Split(number % 2, number % 7 / 3.0, None, number % 17, (number * 5 + 3) % 17))
    total = ForestSum(Forest(tuple(trees), leaves, cells([X, Y])), tuple(0.1 for _ in trees))
    made = plan({"sum": (total, NUMBER)}, x=NUMBER, y=NUMBER)
    rows = [{"x": place / 4.0, "y": 2.0 - place / 5.0} for place in range(12)]
    assert assert_batch_is_rows(made, rows) == []


def test_a_deep_tree_takes_no_more_nodes_than_it_has() -> None:
    """A tree of depth 80 with 81 leaves is laid out in 161 nodes, and leads each row to its leaf."""
    tree: Tree = 80
    for depth in reversed(range(80)):
        tree = Split(0, float(depth), None, depth, tree)
    forest = Forest((tree, 7), tuple((float(leaf),) for leaf in range(81)), cells([X]))
    layout = lay_out(forest)
    assert isinstance(layout, Levels)
    assert len(layout.right) == 162
    answers, _ = compile_batch(plan({"leaf": (ForestSum(forest, (1.0, 100.0)), NUMBER)}, x=NUMBER)).compute(
        [{"x": value} for value in (-1.0, 0.0, 0.5, 78.5, 79.0, 80.0, math.nan)]
    )
    assert answers["leaf"] == [700.0, 700.0, 701.0, 779.0, 779.0, 780.0, 780.0]


def test_chains_longer_than_calls_may_nest_are_computed() -> None:
    """A pipeline of 5,000 additions is no recursion."""
    number: Number = X
    for _ in range(5_000):
        number = Arithmetic("+", number, Constant(1.0))
    answers, _ = compile_batch(plan({"sum": (number, NUMBER)}, x=NUMBER)).compute([{"x": 1.0}])
    assert answers == {"sum": [5_001.0]}


def test_rows_keep_their_places_where_vectors_are_wide() -> None:
    """Wide vectors are computed for a few rows at once; answers and doubtful rows stay in order."""
    wide = one_hot(Category(X, 100_000), 100_000)
    batch = compile_batch(plan({"place": (Reduced("argmax", wide.packed()), NUMBER)}, x=NUMBER))
    rows = [{"x": float(place) if place != 70 else True} for place in range(100)]
    answers, suspects = batch.compute(rows)
    assert batch.at_once < 70
    assert answers["place"][:70] + answers["place"][71:] == [*range(70), *range(71, 100)]
    assert suspects == [70]


def test_what_is_the_same_for_all_rows_is_given_to_each() -> None:
    """Constants, and texts and vectors of nothing else, are as many as there are rows."""
    outputs: dict[str, tuple[Value, Kind]] = {
        "number": (Constant(1.5), NUMBER),
        "text": (LabelAt(("a", "b"), Fixed(1, 2)), STRING),
        "vector": (cells([Constant(1.0), Constant(2.0)]), Kind("vector", 2)),
    }
    rows = [{"x": 1.0}, {"x": 2.0}]
    assert assert_batch_is_rows(plan(outputs, x=NUMBER), rows) == []


def test_only_what_is_asked_for_is_computed() -> None:
    """A column that nobody asks for costs nothing, unless a check needs it."""
    stage = Stage("s", "op", (), {"a": FromIndex(Category(X, 3)), "b": Arithmetic("+", Y, Constant(1.0))})
    some = Plan({"x": NUMBER, "y": NUMBER}, (stage,), {"b": NUMBER})
    assert len(compile_batch(some).steps) == 2
    assert compile_batch(some).compute([{"x": 1.0, "y": 2.0}]) == ({"b": [3.0]}, [])


def test_single_rows_need_no_numpy() -> None:
    """A process that scores no batch never loads NumPy."""
    code = "import sys, days_to_sell.scoring, days_to_sell.scoring.rows; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
