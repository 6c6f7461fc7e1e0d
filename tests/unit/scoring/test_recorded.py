"""What a pipeline wrote between its stages survives as JSON, to the last bit."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.scoring.recorded import MAX_WIDTH, decode, encode

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
SPARSE = st.lists(st.just(0.0) | NUMBERS, max_size=40)


def bits(value: Any) -> str:
    """A value in a form in which NaN equals itself and the two zeros differ."""
    return repr(value)


@given(NUMBERS | st.text() | st.none() | SPARSE)
def test_a_value_comes_back_through_json(value: Any) -> None:
    """Numbers, NaN, infinities, negative zero, texts, null and vectors, dense or sparse."""
    written = json.dumps(encode(value), allow_nan=False)
    assert bits(decode(json.loads(written))) == bits(value)


def test_a_one_hot_vector_takes_its_one_element() -> None:
    """Three hundred columns of a category take no more than the one that is hot."""
    vector = [0.0] * 300
    vector[12] = 1.0
    assert encode(vector) == {"size": 300, "at": [12], "values": [1.0]}


@pytest.mark.parametrize(
    "wrong",
    [
        True,
        {"number": 1.0},
        {"number": "x"},
        [None],
        [True],
        ["x"],
        {},
        {"size": 3, "at": [3], "values": [1.0]},
        {"size": 3, "at": [-1], "values": [1.0]},
        {"size": 3, "at": [True], "values": [1.0]},
        {"size": 3, "at": [0, 1], "values": [1.0]},
        {"size": MAX_WIDTH + 1, "at": [], "values": []},
    ],
)
def test_what_is_no_value_is_refused(wrong: Any) -> None:
    """A damaged file is noticed, and a size that it names is not believed."""
    with pytest.raises(ValueError, match=r"."):
        decode(wrong)


def test_a_whole_number_is_a_number() -> None:
    """Files made by hand may leave the point out."""
    assert (decode(3), math.copysign(1.0, decode(-0.0))) == (3.0, -1.0)
