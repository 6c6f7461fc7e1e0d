"""Operators that make features of features, on bundles written by hand."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import ScoringError
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.python import BATCH_FROM
from tests.unit.scoring import features
from tests.unit.scoring.bundles import Document, bundle, doubles, node, refusal, shapes, vector
from tests.unit.scoring.features import longs, shape
from tests.unit.scoring.models import count, matrix

NAN, INF = math.nan, math.inf


def answer(path: Path, document: Document, *values: float) -> Any:
    """What an operator makes of a vector."""
    return load_bundle(bundle(path, document)).transform([{"v": list(values)}])[0]["out"]


@pytest.mark.parametrize(
    ("threshold", "values", "expected"),
    [
        pytest.param(0.5, (0.5, 0.6), [0.0, 1.0], id="above"),
        pytest.param(0.5, (NAN, INF), [0.0, 1.0], id="NaN is not above"),
        pytest.param(-1.0, (-1.0, NAN), [0.0, 1.0], id="NaN is not below either"),
        pytest.param(0.0, (-0.0, 5e-324), [0.0, 1.0], id="zero"),
    ],
)
def test_a_binarizer_asks_whether_elements_are_above_a_threshold(
    tmp_path: Path, threshold: float, values: tuple[float, float], expected: list[float]
) -> None:
    """In a vector, a negative threshold is asked the other way round, as Spark does."""
    binarizer = features.binarizer(threshold={"double": threshold})
    assert answer(tmp_path, binarizer, *values) == expected


@pytest.mark.parametrize(("value", "expected"), [(-2.0, 0.0), (0.0, 1.0), (NAN, 0.0), (None, 0.0)])
def test_a_binarizer_of_a_number_gives_zero_for_nan(
    tmp_path: Path, value: float | None, expected: float
) -> None:
    """NaN is above no threshold, however low."""
    binarizer = features.binarizer("age", width=None, threshold={"double": -1.0})
    assert load_bundle(bundle(tmp_path, binarizer)).transform([{"age": value}])[0]["out"] == expected


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, [0.0, 1.0, 0.0]), (-0.5, [1.0, 1.0, 1.0])])
def test_a_binarizer_of_a_sparse_vector_sees_its_zeros(
    tmp_path: Path, threshold: float, expected: list[float]
) -> None:
    """What is not there is zero, which is above a negative threshold."""
    sizes = {"category_sizes": {"int": [3], "type": "list"}, "drop_last": {"boolean": False}}
    hot = node("one_hot_encoder", {"input0": "rank"}, {"output0": "v"}, sizes)
    binarizer = features.binarizer(width=3, threshold={"double": threshold})
    assert load_bundle(bundle(tmp_path, hot, binarizer)).transform([{"rank": 1.0}])[0]["out"] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param((1.0, 5.0), [-1.0, 0.0], id="the ends, and the middle for what never varied"),
        pytest.param((3.0, 99.0), [1.0, 0.0], id="whatever it is now"),
        pytest.param((4.0, -INF), [2.0, 0.0], id="beyond the range"),
    ],
)
def test_a_min_max_scaler_moves_ranges(
    tmp_path: Path, values: tuple[float, float], expected: list[float]
) -> None:
    """A value beyond the range it was fitted to goes beyond the new one."""
    assert answer(tmp_path, features.min_max(), *values) == expected


def test_a_min_max_scaler_keeps_nan(tmp_path: Path) -> None:
    """Also of an element that never varied."""
    assert all(map(math.isnan, answer(tmp_path, features.min_max(), NAN, NAN)))


def test_the_range_is_from_zero_to_one_where_the_bundle_names_none(tmp_path: Path) -> None:
    """An absent attribute is not an empty one, which is zero."""
    absent = features.min_max(minValue=None, maxValue=None)
    assert answer(tmp_path, absent, 2.0, 5.0) == [0.5, 0.5]
    assert answer(tmp_path, features.min_max(maxValue={}), 2.0, 5.0) == [-0.5, -0.5]


def test_a_max_abs_scaler_divides(tmp_path: Path) -> None:
    """By one where every value was zero; nothing keeps a larger value within 1."""
    assert answer(tmp_path, features.max_abs(), -8.0, 3.0) == [-2.0, 3.0]


def test_an_elementwise_product_multiplies(tmp_path: Path) -> None:
    """Each element by a factor of its own."""
    assert answer(tmp_path, features.product(), 1.5, -2.0) == [3.0, 6.0]


@pytest.mark.parametrize(
    ("p", "values", "expected"),
    [
        pytest.param(2.0, (3.0, -4.0), [0.6, -0.8], id="Euclidean"),
        pytest.param(1.0, (3.0, -1.0), [0.75, -0.25], id="sum"),
        pytest.param(None, (2.0, -4.0), [0.5, -1.0], id="maximum, written as null"),
        pytest.param(3.0, (2.0, 0.0), [1.0, 0.0], id="another power"),
        pytest.param(2.0, (0.0, -0.0), [0.0, -0.0], id="zeros stay"),
        pytest.param(2.0, (1e200, 1.0), [0.0, 0.0], id="an infinite norm"),
        pytest.param(3.0, (1e200, 1.0), [0.0, 0.0], id="an infinite power"),
    ],
)
def test_a_normalizer_divides_by_the_norm(
    tmp_path: Path, p: float | None, values: tuple[float, float], expected: list[float]
) -> None:
    """The norm adds up as it is, so that what overflows divides to zero, as in Spark."""
    found = answer(tmp_path, features.normalizer(p_norm={"double": p}), *values)
    assert found == pytest.approx(expected, rel=1e-15)


def test_the_maximum_passes_over_nan(tmp_path: Path) -> None:
    """Any other norm of NaN is NaN."""
    assert answer(tmp_path, features.normalizer(p_norm={"double": None}), NAN, 2.0)[1] == 1.0
    assert math.isnan(answer(tmp_path, features.normalizer(), NAN, 2.0)[1])


def test_an_expansion_has_the_order_of_spark(tmp_path: Path) -> None:
    """Of x and y: x, x², x³, y, xy, x²y, y², xy², y³."""
    assert answer(tmp_path, features.expansion(), 2.0, 3.0) == [2, 4, 8, 3, 6, 12, 9, 18, 27]


def test_a_product_that_came_to_zero_stays_zero(tmp_path: Path) -> None:
    """From the last element to the first: NaN behind a zero is not seen, a zero behind NaN is too late."""
    assert [x for x in answer(tmp_path, features.expansion(), NAN, 0.0) if not math.isnan(x)] == [0.0] * 6
    assert [x for x in answer(tmp_path, features.expansion(), 0.0, NAN) if not math.isnan(x)] == [0.0] * 3


def test_an_expansion_may_be_wider_than_calls_nest(tmp_path: Path) -> None:
    """Degree 1 is the vector itself."""
    wide = features.expansion(degree=count(1), input_size=count(2_000))
    values = [float(number) for number in range(2_000)]
    assert answer(tmp_path, wide, *values) == values


def test_components_are_products_with_columns(tmp_path: Path) -> None:
    """The bundle writes the matrix column by column."""
    assert answer(tmp_path, features.components(), 3.0, 1.0) == [4.0, 20.0]


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.0), (-0.0, 0.0), (-1.0, 1.0), (7.5, 2.0), (7.0, 3.0), (NAN, 3.0)]
)
def test_a_vector_indexer_gives_the_index_of_a_value(tmp_path: Path, value: float, expected: float) -> None:
    """What is no category is one more, where it is kept; other elements stay as they are."""
    assert answer(tmp_path, features.indexer("keep"), value, 0.3) == [expected, 0.3]


def test_a_vector_indexer_refuses_or_drops_what_it_was_not_fitted_on(tmp_path: Path) -> None:
    """The message names the element."""
    row = {"v": [7.0, 0.3]}
    assert load_bundle(bundle(tmp_path, features.indexer("skip"))).transform([row]) == []
    with pytest.raises(ScoringError, match=r"element 0 of column 'v' is 7\.0, which 'n0' was not fitted on"):
        load_bundle(bundle(tmp_path, features.indexer("error"))).transform([row])


EDGES = (NAN, INF, -INF, 1e200, -1e-200, 0.0, -0.0, 0.5, -1.0, 3.0, 7.5)


@pytest.mark.parametrize(
    "document", features.every_feature("v")[:-1], ids=lambda each: str(each["model.json"]["op"])
)
def test_arrays_answer_as_rows_do(tmp_path: Path, document: Document) -> None:
    """For every pair of edges, but for the last digits."""
    loaded = load_bundle(bundle(tmp_path, document))
    (out,) = loaded.outputs
    rows = [{"v": list(pair)} for pair in product(EDGES, EDGES)]
    assert len(rows) >= BATCH_FROM
    alone = [element for row in rows for element in loaded.transform([row])[0][out]]
    together = [element for row in loaded.transform(rows) for element in row[out]]
    assert together == pytest.approx(alone, rel=1e-12, abs=0.0, nan_ok=True)


REFUSED = {
    "a shape of two dimensions": (
        features.binarizer(input_shapes={"data_shape": {"base": "list"}}),
        "'input_shapes' must hold",
    ),
    "no threshold": (features.binarizer(threshold=None), "attribute 'threshold' is missing"),
    "an infinite threshold": (features.binarizer(threshold={"double": None}), "must hold finite numbers"),
    "a shape of a list": (features.binarizer(input_shapes=shapes(2)), "must hold one data_shape"),
    "a vector for a number": (features.binarizer(input_shapes=shape(-1)), "whole numbers from 0"),
    "a minimum too few": (features.min_max(min=vector(1.0)), "1 values in 'min' and 2 in 'max'"),
    "an infinite maximum": (features.min_max(max=vector(1.0, None)), "must hold finite numbers"),
    "an empty range": (features.min_max(minValue={"double": 1.0}), "'minValue' must be below 'maxValue'"),
    "no factors": (features.product(scaling_vec=None), "attribute 'scaling_vec' is missing"),
    "a maximum that is NaN": (features.max_abs(maxAbs=vector(None, 1.0)), "must hold finite numbers"),
    "no norm": (features.normalizer(p_norm={"double": 0.5}), "'p_norm' must be at least 1, found 0.5"),
    "the norm zero": (features.normalizer(p_norm={}), "'p_norm' must be at least 1, found 0.0"),
    "no degree": (features.expansion(degree={}), "to degree 0; both must be at least 1"),
    "no elements": (features.expansion(input_size=count(0)), "expands 0 elements"),
    "too many products": (features.expansion(input_size=count(40)), "more than 10000 products"),
    "a degree beyond all": (features.expansion(degree=count(9_999_999)), "more than 10000 products"),
    "no matrix": (features.components(principal_components=vector(1.0, 2.0)), "a dense matrix of doubles"),
    "a matrix with NaN": (features.components(principal_components=matrix([None, 1.0])), "finite numbers"),
    "a category beyond": (features.indexer("keep", keys=longs(2)), "different positions in a vector of 2"),
    "a category twice": (features.indexer("keep", keys=longs(0, 0)), "different positions in a vector of 2"),
    "no values": (features.indexer("keep", key_0_keys=None), "attribute 'key_0_keys' is missing"),
    "a value twice": (features.indexer("keep", key_0_keys=doubles(1.0, 1.0, 2.0)), "must pair values with 0"),
    "a value that is NaN": (features.indexer("keep", key_0_keys=doubles(None, 1.0)), "finite numbers"),
    "an index beyond": (features.indexer("keep", key_0_values=longs(0, 1, 3)), "must pair values with 0"),
    "an unknown choice": (features.indexer("maybe"), "attribute 'handle_invalid' is 'maybe'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_an_operator_cannot_be_is_refused(tmp_path: Path, case: str) -> None:
    """Before any row is scored, by node and attribute."""
    document, words = REFUSED[case]
    message = refusal(bundle(tmp_path, document))
    assert words in message
    assert "node 'n0'" in message
