"""Scoring rows with a loaded bundle."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import ScoringError
from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.python import PythonBundle
from tests.unit.scoring.bundles import (
    assembler,
    bundle,
    doubles,
    indexer,
    leaf,
    line,
    node,
    split,
    tree,
    vector,
)

ROW = {"make": "a", "age": 10.0}


@pytest.fixture
def loaded(tmp_path: Path) -> Bundle:
    """A bundle that gives 2 * rank + 3 * age + 1."""
    return load_bundle(bundle(tmp_path, indexer(), assembler(), line()))


def test_a_row_keeps_its_fields_and_gains_every_output(loaded: Bundle) -> None:
    """Fields that the pipeline does not read come back as they were, and the row itself is not touched."""
    row = {"make": "b", "age": 10, "colour": "red"}
    assert loaded.transform([row]) == [{**row, "rank": 1.0, "features": [1.0, 10.0], "days": 33.0}]
    assert row == {"make": "b", "age": 10, "colour": "red"}


@pytest.mark.parametrize(("make", "rank"), [("a", 0.0), ("b", 1.0), ("A", 2.0), ("", 2.0), (None, 2.0)])
def test_unseen_text_and_null_are_the_index_behind_the_last(
    loaded: Bundle, make: str | None, rank: float
) -> None:
    """An indexer that keeps the invalid gives one index to all of it."""
    assert loaded.transform([ROW | {"make": make}])[0]["rank"] == rank


def test_a_null_number_is_nan(loaded: Bundle) -> None:
    """Null counts as NaN, and NaN goes through to the prediction; the field itself stays null."""
    answer = loaded.transform([ROW | {"age": None}])[0]
    assert answer["age"] is None
    assert math.isnan(answer["days"])


@pytest.mark.parametrize("age", [10, 10.0, Fraction(10)])
def test_any_real_number_is_a_number(loaded: Bundle, age: Any) -> None:
    """Integers and other real numbers count as their double."""
    assert loaded.transform([ROW | {"age": age}])[0]["days"] == 31.0


@pytest.mark.parametrize("age", ["10", True, [10.0], Decimal(10), 10**400])
def test_what_is_no_number_is_refused_by_column(loaded: Bundle, age: Any) -> None:
    """Text, booleans and numbers beyond a double are refused, naming the column."""
    with pytest.raises(ScoringError, match="column 'age' must hold a number"):
        loaded.transform([ROW | {"age": age}])


@pytest.mark.parametrize("make", [1, 1.5, True, ["a"]])
def test_what_is_no_text_is_refused_by_column(loaded: Bundle, make: Any) -> None:
    """A number is not silently taken for a label."""
    with pytest.raises(ScoringError, match="column 'make' must hold text or null"):
        loaded.transform([ROW | {"make": make}])


def test_a_missing_column_is_named_with_all_that_are_needed(loaded: Bundle) -> None:
    """The message names what is missing and what the pipeline reads."""
    with pytest.raises(ScoringError, match="lacks 'age'; the pipeline needs make, age"):
        loaded.transform([{"make": "a"}])


def test_a_refused_row_is_named_by_its_position(loaded: Bundle) -> None:
    """Of many rows the message says which one to look at."""
    with pytest.raises(ScoringError, match=r"^row 2: column 'age'"):
        loaded.transform([ROW, ROW, ROW | {"age": "ten"}])


def test_a_field_that_the_pipeline_writes_is_refused(loaded: Bundle) -> None:
    """A row cannot bring its own answer."""
    with pytest.raises(ScoringError, match="'days', which the pipeline writes"):
        loaded.transform([ROW | {"days": 3.0}])


def test_an_answer_can_be_changed_without_changing_the_model(tmp_path: Path) -> None:
    """Vectors of an answer are the caller's own."""
    encoder = node(
        "one_hot_encoder",
        {"input0": "x"},
        {"output0": "y"},
        {
            "category_sizes": {"int": [2], "type": "list"},
            "drop_last": {},
            "handle_invalid": {"string": "keep"},
        },
    )
    loaded = load_bundle(bundle(tmp_path, encoder))
    loaded.transform([{"x": 1.0}])[0]["y"][0] = 9.0
    assert loaded.transform([{"x": 1.0}])[0]["y"] == [0.0, 1.0, 0.0]


def test_a_dropped_row_is_left_out_and_the_others_stay_in_order(tmp_path: Path) -> None:
    """An indexer that skips drops the rows with unseen text or null."""
    loaded = load_bundle(bundle(tmp_path, indexer(handle_invalid={"string": "skip"})))
    answers = loaded.transform([{"make": make} for make in ("b", "x", None, "a")])
    assert [each["make"] for each in answers] == ["b", "a"]
    assert loaded.transform_row({"make": "x"}) is None


def test_unseen_text_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """An indexer that refuses the invalid names column, value and what to do."""
    loaded = load_bundle(bundle(tmp_path, indexer(handle_invalid={"string": "error"})))
    with pytest.raises(ScoringError, match=r"column 'make' holds 'x'.*its 2 labels"):
        loaded.transform([{"make": "x"}])


def test_a_vector_from_outside_must_have_its_length(tmp_path: Path) -> None:
    """A model over a vector column refuses one that is too short, and does not cut or pad."""
    loaded = load_bundle(bundle(tmp_path, line()))
    assert loaded.transform([{"features": [1, 2.0]}])[0]["days"] == 9.0
    for wrong in ([1.0], [1.0, 2.0, 3.0], 1.0, ["a", "b"]):
        with pytest.raises(ScoringError, match="column 'features'"):
            loaded.transform([{"features": wrong}])


@pytest.mark.parametrize(
    ("is_left", "categories", "expected"),
    [
        (True, [0.0, 2.0], [1.0, 2.0, 1.0, 2.0, 2.0, 2.0]),
        (False, [0.0], [2.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (False, [0.0, 2.0], [2.0, 1.0, 2.0, 1.0, 2.0, 2.0]),
    ],
)
def test_a_categorical_split_takes_its_categories_to_their_side(
    tmp_path: Path, is_left: bool, categories: list[float], expected: list[float]
) -> None:
    """``isLeft`` says where those listed go; others and NaN go to the other side, but right of two halves."""
    branch = split(type="categorical", featureIndex=0, categories=categories, numCategories=4, isLeft=is_left)
    loaded = load_bundle(bundle(tmp_path, tree(branch, leaf(1.0), leaf(2.0), features=1)))
    rows = [{"features": [x]} for x in (0.0, 1.0, 2.0, 3.0, 9.0, math.nan)]
    assert [each["days"] for each in loaded.transform(rows)] == expected


def test_a_continuous_split_takes_its_threshold_left_and_nan_right(tmp_path: Path) -> None:
    """At most the threshold is left; NaN is right."""
    branch = split(type="continuous", featureIndex=1, threshold=0.5)
    loaded = load_bundle(bundle(tmp_path, tree(branch, leaf(1.0), leaf(2.0))))
    rows = [{"features": [0.0, x]} for x in (0.5, math.nextafter(0.5, 1.0), math.nan, -math.inf)]
    assert [each["days"] for each in loaded.transform(rows)] == [1.0, 2.0, 2.0, 1.0]


def test_isotonic_regression_is_level_beyond_its_ends_and_straight_between(tmp_path: Path) -> None:
    """Two boundaries make a clip; NaN is refused, since it would come out as the upper end."""
    clip = node(
        "isotonic_regression",
        {"features": "x"},
        {"prediction": "days"},
        {
            "boundaries": doubles(1.0, 180.0),
            "predictions": doubles(1.0, 180.0),
            "isotonic": {"boolean": True},
        },
    )
    loaded = load_bundle(bundle(tmp_path, clip))
    rows = [{"x": x} for x in (-math.inf, 0.0, 1.0, 42.5, 180.0, 181.0, math.inf)]
    assert [each["days"] for each in loaded.transform(rows)] == [1.0, 1.0, 1.0, 42.5, 180.0, 180.0, 180.0]
    with pytest.raises(ScoringError, match="came to NaN"):
        loaded.transform([{"x": None}])


@pytest.mark.parametrize(
    ("link", "family", "eta", "mean"),
    [
        ("log", "gamma", 1e6, 1.7976931348623157e308),
        ("log", "gamma", -1e6, 1e-16),
        ("inverse", "gamma", 0.0, 1.7976931348623157e308),
        ("inverse", "gaussian", -1e-310, -1.7976931348623157e308),
        ("logit", "binomial", 1e6, 1.0 - 1e-16),
        ("cloglog", "binomial", -1e6, 1e-16),
        ("probit", "binomial", 0.0, 0.5),
        ("sqrt", "poisson", -3.0, 9.0),
        ("SQRT", "Poisson", -3.0, 9.0),
    ],
)
def test_a_mean_stays_inside_the_range_of_its_family(
    tmp_path: Path, link: str, family: str, eta: float, mean: float
) -> None:
    """Where a link overflows or divides by zero, Spark's bounds hold instead of an exception."""
    attributes = {
        "coefficients": vector(1.0),
        "intercept": {"double": -0.0},
        "family": {"string": family},
        "link": {"string": link},
    }
    glm = node(
        "generalized_linear_regression",
        {"features": "x"},
        {"prediction": "mean", "link_prediction": "eta"},
        attributes,
    )
    answer = load_bundle(bundle(tmp_path, glm)).transform([{"x": [eta]}])[0]
    assert answer["mean"] == mean
    assert answer["eta"] == eta


def test_many_rows_are_answered_as_each_of_them_alone(tmp_path: Path) -> None:
    """Answers, errors and gaps of a batch are those of single rows, whatever stands beside them."""
    loaded = load_bundle(bundle(tmp_path, indexer(handle_invalid={"string": "skip"}), assembler(), line()))
    assert isinstance(loaded, PythonBundle)
    strict = replace(loaded, arrays=True)
    odd: list[dict[str, Any]] = [
        {"make": "never seen", "age": 1.0},
        {"make": "a", "age": "10"},
        {"make": "a", "age": True},
        {"make": "a"},
        {"make": 1, "age": 1.0},
        {"make": "a", "age": 1.0, "days": 2.0},
        {"make": "b", "age": 10**400},
        {"make": "b", "age": Fraction(1, 3), "colour": "red"},
    ]
    plain: list[dict[str, Any]] = [{"make": "ab"[n % 2], "age": float(n)} for n in range(100)]
    rows = [row for n, each in enumerate(odd) for row in (each, *plain[n * 10 : n * 10 + 10])]
    together = strict.transform_each(rows)
    alone = [replace(loaded, arrays=False).transform_each([row])[0] for row in rows]
    assert [str(each) if isinstance(each, ScoringError) else each for each in together] == [
        str(each) if isinstance(each, ScoringError) else each for each in alone
    ]
    assert sum(isinstance(each, ScoringError) for each in together) == 6
    assert together.count(None) == 1
    assert loaded.select([]).transform(plain) == strict.select([]).transform(plain) == plain
