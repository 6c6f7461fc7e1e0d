"""A bundle answers frames as MLflow's flavours do: pairs of rows and answers, or an error that names rows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from days_to_sell.registry.mleap_pyfunc import BundleModel, PackageModel, read_rows
from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.predictor import Predictor
from tests.packages import CAR, INTERCEPT, PER_MILE, PER_RATIO, days_by_formula, make_package, write_bundle

FRAME = pd.DataFrame(
    {"price_to_valuation": [0.95, 1.1, 1.0], "mileage": [42_000, 0, 7], "note": ["a", None, "c"]},
    index=[7, 3, 5],
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The bundle of the tiny package."""
    path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    write_bundle(path)
    return load_bundle(path)


def test_one_name_gives_an_array(bundle: Bundle) -> None:
    """As MLflow's server makes a plain list of it; columns that are not read are passed over."""
    found = BundleModel(bundle, "days").predict(FRAME)
    assert isinstance(found, np.ndarray)
    assert BundleModel(bundle, "features").predict(FRAME).tolist()[0] == [0.95, 42_000.0]
    expected = INTERCEPT + PER_RATIO * FRAME["price_to_valuation"] + PER_MILE * FRAME["mileage"]
    assert found == pytest.approx(expected.to_numpy(), rel=1e-12)


def test_a_list_of_names_gives_a_frame_in_their_order(bundle: Bundle) -> None:
    """With the index of the frame, for a list of one name too; a vector is a list of floats."""
    found = BundleModel(bundle, ["days", "features"]).predict(FRAME)
    assert (list(found.columns), list(found.index)) == (["days", "features"], [7, 3, 5])
    assert found["features"].iloc[0] == [0.95, 42_000.0]
    assert list(BundleModel(bundle, ["days"]).predict(FRAME).columns) == ["days"]


def test_records_are_taken_too(bundle: Bundle) -> None:
    """Whoever calls it without MLflow in between need not make a frame."""
    found = BundleModel(bundle, "days").predict([{"price_to_valuation": 1.0, "mileage": 0}])
    assert list(found) == [pytest.approx(INTERCEPT + PER_RATIO)]


def test_a_column_that_the_pipeline_does_not_write_is_refused_with_those_that_it_does(bundle: Bundle) -> None:
    """The mistake shows when the model is loaded, not at the first request."""
    with pytest.raises(
        MlflowException, match=r"output_columns: .*writes no prediction; it writes features, days"
    ):
        BundleModel(bundle, "prediction")


def test_rows_without_an_answer_are_named(bundle: Bundle) -> None:
    """By position and reason, at most five of them; the error is the caller's."""
    model = BundleModel(bundle, "days")
    bad = pd.DataFrame({"price_to_valuation": ["cheap"] * 7 + [1.0], "mileage": [0] * 8})
    with pytest.raises(MlflowException) as refused:
        model.predict(bad)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert refused.value.message.startswith("7 of 8 rows have no answer: row 0: ")
    assert "row 4: " in refused.value.message
    assert "row 5: " not in refused.value.message
    with pytest.raises(MlflowException, match=r"row 0: .*lacks 'mileage'"):
        model.predict(FRAME.drop(columns="mileage"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_a_prediction_that_is_no_finite_number_is_never_an_answer(
    bundle: Bundle, value: float | None
) -> None:
    """What is missing makes NaN of a line, and JSON has no word for it."""
    rows = pd.DataFrame({"price_to_valuation": [1.0, value], "mileage": [0, 0]})
    with pytest.raises(MlflowException, match="1 of 2 rows have no answer: row 1: days is "):
        BundleModel(bundle, "days").predict(rows)


def test_a_package_takes_raw_columns(tmp_path: Path) -> None:
    """Its contract refuses what it does not take."""
    model = PackageModel(Predictor(make_package(tmp_path / "package")))
    rows = pd.DataFrame([CAR, CAR | {"mileage": 0}], index=["a", "b"])
    assert list(model.predict(rows)) == [
        pytest.approx(days_by_formula(CAR)),
        pytest.approx(days_by_formula(CAR | {"mileage": 0})),
    ]
    with pytest.raises(MlflowException, match="1 of 2 rows have no answer: row 1: mileage is too small"):
        model.predict([CAR, CAR | {"mileage": -1}])


def test_rows_hold_plain_python_values() -> None:
    """What pandas calls missing is None; numbers and arrays of numpy become Python's own."""
    frame = pd.DataFrame(
        {
            "number": [1.5, math.nan],
            "whole": [1, 2],
            "text": ["a", None],
            "array": [np.array([1.0, 2.0]), [3.0]],
            "maybe": pd.array([1, None], dtype="Int64"),
        }
    )
    rows = read_rows(frame)
    assert rows == [
        {"number": 1.5, "whole": 1, "text": "a", "array": [1.0, 2.0], "maybe": 1},
        {"number": None, "whole": 2, "text": None, "array": [3.0], "maybe": None},
    ]
    assert {type(value) for row in rows for value in row.values()} == {float, int, str, list, type(None)}
