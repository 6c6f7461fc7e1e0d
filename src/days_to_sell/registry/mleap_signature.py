"""Signatures of MLeap models: inferred from what the pipeline reads and writes, never left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Array

from days_to_sell.scoring import Bundle
from days_to_sell.scoring.package import ModelPackage

_PACKAGE_TYPES = {"string": "string", "long": "long", "double": "double", "date": "string"}
# By Spark's names of types. Whole numbers are long and the others double, which take the narrower ones too.
_SPARK_TYPES = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), DataType.long),
    **dict.fromkeys(("float", "double"), DataType.double),
    "string": DataType.string,
    "boolean": DataType.boolean,
    "vector": Array(DataType.double),
    "array<double>": Array(DataType.double),
    "array<float>": Array(DataType.double),
    "array<string>": Array(DataType.string),
}


def package_signature(package: ModelPackage) -> ModelSignature:
    """Make the signature of a model package: its raw columns, and days as an unnamed double.

    Dates are ISO 8601 strings, as they are over REST.
    """
    columns = [field.column for field in package.contract.fields]
    inputs = [
        ColSpec(
            DataType[_PACKAGE_TYPES[column.type]],
            column.name,
            required=not (column.nullable or column.default_today),
        )
        for column in columns
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec(DataType.double)]))


def bundle_signature(
    bundle: Bundle, types: Mapping[str, str], missing: Collection[str], output_columns: str | Sequence[str]
) -> ModelSignature:
    """Make the signature of a bundle, one that takes the sample as a pandas frame.

    Args:
        bundle: The bundle.
        types: Column of the sample to Spark's name of its type.
        missing: Columns of which the sample misses a value. A whole number that may be missing is a double,
            as it is in pandas.
        output_columns: What is predicted.

    Raises:
        MlflowException: Names the input column that no type of MLflow is for.
    """
    inputs = []
    for column in bundle.inputs:
        kind = _input_type(column, types[column])
        inputs.append(
            ColSpec(DataType.double if kind == DataType.long and column in missing else kind, column)
        )
    return ModelSignature(inputs=Schema(inputs), outputs=output_schema(bundle, output_columns))


def output_schema(bundle: Bundle, output_columns: str | Sequence[str]) -> Schema:
    """Make the schema of what is predicted."""
    kinds = {"number": DataType.double, "string": DataType.string, "vector": Array(DataType.double)}
    columns = [output_columns] if isinstance(output_columns, str) else output_columns
    return Schema([ColSpec(kinds[bundle.outputs[column].name], column) for column in columns])


def complete_signature(signature: Any, bundle: Bundle, output_columns: str | Sequence[str]) -> ModelSignature:
    """Take a signature that the caller made, and add the outputs where it has none.

    Raises:
        MlflowException: It is none, or does not type a column that the pipeline reads.
    """
    schema = signature.inputs if isinstance(signature, ModelSignature) else None
    typed = schema.input_names() if schema is not None and not schema.is_tensor_spec() else []
    untyped = [column for column in bundle.inputs if column not in typed]
    if untyped:
        raise MlflowException.invalid_parameter_value(
            f"the signature gives no type to {', '.join(untyped)}, which the pipeline reads; name every "
            "input column in it, or leave it out to have it inferred from sample_input"
        )
    outputs = signature.outputs or output_schema(bundle, output_columns)
    return ModelSignature(inputs=schema, outputs=outputs, params=signature.params)


def _input_type(column: str, spark_type: str) -> Any:
    if spark_type.startswith("decimal"):
        return DataType.double
    if spark_type not in _SPARK_TYPES:
        raise MlflowException.invalid_parameter_value(
            f"no signature can be inferred: column {column!r} is a {spark_type} in sample_input, which no "
            f"request can bring; cast it to one of {', '.join(_SPARK_TYPES)} before the pipeline"
        )
    return _SPARK_TYPES[spark_type]
