"""Interaction and slicing of vectors, on bundles written by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import ScoringError
from days_to_sell.scoring import load_bundle
from tests.unit.scoring.bundles import Document, bundle, node, refusal, shapes, strings, vector

NAMES = {"names": strings(), "named_indices": {"type": "list"}}


def ints(*values: int) -> Document:
    """A list of MLeap's ints."""
    return {"int": list(values), "type": "list"}


def product(widths: tuple[int | None, ...], *sizes: tuple[int, ...], **attributes: Any) -> Document:
    """An interaction of the columns a, b and so on."""
    known = {"input_shapes": shapes(*widths), "num_inputs": {"int": len(widths)}}
    known |= {f"num_features{number}": ints(*each) for number, each in enumerate(sizes)}
    inputs = {f"input{number}": "abcdef"[number] for number in range(len(widths))}
    return node("interaction", inputs, {"output": "out"}, known | attributes)


def slicer(*indices: int, width: int = 4, **attributes: Any) -> Document:
    """A slicer of the column ``out``."""
    known = {"indices": {"long": list(indices), "type": "list"}, "input_size": {"int": width}} | NAMES
    return node("vector_slicer", {"input": "out"}, {"output": "cut"}, known | attributes)


def test_the_last_input_varies_fastest(tmp_path: Path) -> None:
    """Of (2, 3) and (5, 7, 11) come 10, 14, 22, 15, 21, 33."""
    loaded = load_bundle(bundle(tmp_path, product((2, 3), (1, 1), (1, 1, 1))))
    answer = loaded.transform([{"a": [2.0, 3.0], "b": [5.0, 7.0, 11.0]}])[0]
    assert answer["out"] == [10.0, 14.0, 22.0, 15.0, 21.0, 33.0]


def test_what_counts_categories_is_one_hot_first(tmp_path: Path) -> None:
    """A number of three categories makes three products, an element of two makes two beside the plain one."""
    loaded = load_bundle(bundle(tmp_path, product((None, 2), (3,), (2, 1))))
    answer = loaded.transform([{"a": 1.0, "b": [1.0, 4.0]}])[0]
    assert answer["out"] == [0.0, 0.0, 0.0, 0.0, 1.0, 4.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("value", [0.5, -1.0, 3.0, math.nan, math.inf])
def test_what_is_no_category_is_refused(tmp_path: Path, value: float) -> None:
    """A fraction, a number beyond the last category and NaN have no place; the message names the column."""
    loaded = load_bundle(bundle(tmp_path, product((None, None), (3,), (1,))))
    with pytest.raises(ScoringError, match=r"column 'a' holds .* takes 0 to 2"):
        loaded.transform([{"a": value, "b": 1.0}])


def test_a_slicer_gives_its_elements_in_its_order(tmp_path: Path) -> None:
    """The indices say which and in which order; zeros of the sparse product stay zeros."""
    loaded = load_bundle(bundle(tmp_path, product((2, 2), (1, 1), (1, 1)), slicer(3, 0)))
    assert loaded.transform([{"a": [0.0, 2.0], "b": [1.0, 5.0]}])[0]["cut"] == [10.0, 0.0]


def test_a_slicer_gives_what_is_named_behind_its_indices(tmp_path: Path) -> None:
    """The bundle says at which position each name stands."""
    named = {"names": strings("x", "y"), "named_indices": ints(2, 0)}
    loaded = load_bundle(bundle(tmp_path, product((4,), (1, 1, 1, 1)), slicer(3, **named)))
    assert loaded.transform([{"a": [1.0, 2.0, 3.0, 4.0]}])[0]["cut"] == [4.0, 3.0, 1.0]


@pytest.mark.parametrize("b", [math.inf, -math.inf, math.nan])
def test_what_is_nowhere_weighs_nothing_whatever_it_is(tmp_path: Path, b: float) -> None:
    """A product of the category that is dropped is zero, as in Spark, and not 0 times infinity."""
    sizes = {"category_sizes": ints(2), "drop_last": {"boolean": True}}
    encoder = node("one_hot_encoder", {"input0": "k"}, {"output0": "a"}, sizes)
    line = {"coefficients": vector(2.0), "intercept": {"double": 1.0}}
    weighed = node("linear_regression", {"features": "out"}, {"prediction": "days"}, line)
    loaded = load_bundle(bundle(tmp_path, encoder, product((1, None), (1,), (1,)), weighed))
    assert loaded.transform([{"k": 1.0, "b": b}])[0]["days"] == 1.0
    assert [each["days"] for each in loaded.transform([{"k": 1.0, "b": b}] * 200)] == [1.0] * 200
    assert not math.isfinite(loaded.transform([{"k": 0.0, "b": b}])[0]["days"])


REFUSED = {
    "an input without sizes": (product((2, 2), (1, 1)), "attribute 'num_features1' is missing"),
    "a size too few": (product((2, 2), (1, 1), (1,)), "input 'input1' needs a number of features for each"),
    "a category of none": (product((None, None), (0,), (2,)), "input 'input0' needs a number of features"),
    "a shape too few": (
        product((2, 2), (1, 1), (1, 1), input_shapes=shapes(2)),
        "1 input shapes",
    ),
    "a product too wide": (product((None, None), (1_000,), (1_000,)), "multiplies out to 1000000 products"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_interaction_that_contradicts_itself_is_refused(tmp_path: Path, case: str) -> None:
    """Before any row is scored, and by name."""
    document, words = REFUSED[case]
    assert words in refusal(bundle(tmp_path, document))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(slicer(), "'indices' must hold different positions in a vector of 4", id="no index"),
        pytest.param(
            slicer(0, 4), "'indices' must hold different positions in a vector of 4", id="beyond the end"
        ),
        pytest.param(slicer(0, width=3), "as a vector of 3, but it holds a vector of 4", id="other width"),
        pytest.param(slicer(2, 2), "'indices' must hold different positions in", id="one index twice"),
        pytest.param(slicer(0, names=strings("x")), "'names' and 'named_indices' must be of", id="no place"),
    ],
)
def test_a_slicer_that_contradicts_itself_is_refused(tmp_path: Path, document: Document, words: str) -> None:
    """Positions outside the vector or named twice, and names without a position, are no slice."""
    assert words in refusal(bundle(tmp_path, product((2, 2), (1, 1), (1, 1)), document))
