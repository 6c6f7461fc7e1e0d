"""No model is stored without a signature, and what cannot be typed is named."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature, infer_signature
from mlflow.models.utils import _enforce_schema
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Array

from days_to_sell.registry.mleap_signature import bundle_signature, complete_signature
from days_to_sell.scoring import Bundle, load_bundle
from tests.packages import write_bundle

TYPES = {"price_to_valuation": "double", "mileage": "int"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle that reads two numbers and writes a vector and a number."""
    path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    write_bundle(path)
    return load_bundle(path)


def test_a_signature_has_the_columns_that_are_read_and_what_is_predicted(bundle: Bundle) -> None:
    """Inputs by the sample's types, outputs by what the bundle writes."""
    signature = bundle_signature(bundle, TYPES, missing=(), output_columns=["features", "days"])
    assert signature.inputs == Schema(
        [ColSpec(DataType.double, "price_to_valuation"), ColSpec(DataType.long, "mileage")]
    )
    assert signature.outputs == Schema(
        [ColSpec(Array(DataType.double), "features"), ColSpec(DataType.double, "days")]
    )


@pytest.mark.parametrize(
    ("mileage", "missing"),
    [([1, 2], False), (pd.array([1, 2], dtype="int32"), False), ([1.0, None], True)],
)
def test_a_signature_takes_the_sample_as_a_frame(bundle: Bundle, mileage: list[float], missing: bool) -> None:
    """Whole numbers of either width, and floats where one is missing: as pandas makes of Spark's columns."""
    signature = bundle_signature(bundle, TYPES, ["mileage"] if missing else [], "days")
    frame = pd.DataFrame({"price_to_valuation": pd.array([0.5, 1.0], dtype="float32"), "mileage": mileage})
    assert len(_enforce_schema(frame, signature.inputs)) == 2


@pytest.mark.parametrize("kind", ["timestamp", "map<string,double>", "binary", "array<array<double>>"])
def test_a_column_that_cannot_be_typed_is_named(bundle: Bundle, kind: str) -> None:
    """With its type, and the types that there are."""
    with pytest.raises(MlflowException) as refused:
        bundle_signature(bundle, TYPES | {"mileage": kind}, (), "days")
    assert f"column 'mileage' is a {kind} in sample_input" in refused.value.message
    assert "cast it to one of" in refused.value.message


@pytest.mark.parametrize(
    ("signature", "named"),
    [
        (False, "price_to_valuation, mileage"),
        (infer_signature(pd.DataFrame({"mileage": [1.0]})), "price_to_valuation"),
        (ModelSignature(outputs=Schema([ColSpec(DataType.double)])), "price_to_valuation, mileage"),
        (infer_signature(pd.DataFrame({"a": [1.0]}).to_numpy()), "price_to_valuation, mileage"),
    ],
)
def test_a_signature_of_the_callers_own_types_every_column(
    bundle: Bundle, signature: object, named: str
) -> None:
    """Leaving it out on purpose, and tensors without names, are refused like a column that was forgotten."""
    with pytest.raises(MlflowException, match=f"gives no type to {named}, which the pipeline reads"):
        complete_signature(signature, bundle, "days")


def test_a_signature_without_outputs_is_completed(bundle: Bundle, tmp_path: Path) -> None:
    """What the caller said of the inputs stays."""
    own = infer_signature(pd.DataFrame({"mileage": [1.0], "price_to_valuation": [1.0]}))
    completed = complete_signature(own, bundle, "days")
    assert completed.inputs == own.inputs
    assert completed.outputs == Schema([ColSpec(DataType.double, "days")])
