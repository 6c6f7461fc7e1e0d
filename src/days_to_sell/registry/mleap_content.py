"""What a model of the MLeap flavour consists of: gathered and proved before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelInputExample, ModelSignature
from mlflow.models.utils import _enforce_schema, _Example
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.registry.mleap_pyfunc import BundleModel
from days_to_sell.registry.mleap_sample import default_output, prove, take_sample
from days_to_sell.registry.mleap_signature import bundle_signature, complete_signature, package_signature
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.package import BUNDLE, open_package


@dataclass(frozen=True)
class Content:
    """What is saved of a model.

    Args:
        data: Directory that holds the bundle.
        signature: Its signature.
        input_example: An input that it answers.
        output_columns: What is predicted; None where the model package decides.
        package_digest: Digest of the model package, if there is one.
    """

    data: Path
    signature: ModelSignature
    input_example: ModelInputExample
    output_columns: str | list[str] | None = None
    package_digest: str | None = None


def content_of_package(
    root: Path,
    signature: ModelSignature | None,
    input_example: ModelInputExample | None,
    output_columns: str | Sequence[str] | None,
) -> Content:
    """Take a model package as it is.

    Args:
        root: Directory of the package.
        signature: Signature in place of the contract's.
        input_example: Example in place of the contract's.
        output_columns: Must not be given.

    Raises:
        PackageError: The package is damaged.
        MlflowException: ``output_columns`` are given.
    """
    if output_columns is not None:
        raise MlflowException.invalid_parameter_value(
            "output_columns do not go with model_package, which decides what is predicted; leave them out"
        )
    package = open_package(root)
    if input_example is None:
        fields = package.contract.fields
        input_example = pd.DataFrame([{field.column.name: field.example for field in fields}])
    return Content(
        data=package.root,
        signature=signature or package_signature(package),
        input_example=input_example,
        package_digest=package.digest,
    )


def content_of_pipeline(
    spark_model: Any,
    sample_input: DataFrame | None,
    signature: ModelSignature | None,
    input_example: ModelInputExample | None,
    output_columns: str | Sequence[str] | None,
    target: Path,
) -> Content:
    """Export a pipeline, and prove that its bundle answers as Spark does.

    Args:
        spark_model: Fitted pipeline, or one fitted stage.
        sample_input: A frame that it transforms.
        signature: Signature; inferred from the sample when None.
        input_example: Example; rows of the sample when None.
        output_columns: What is predicted; what the last stage predicts when None.
        target: Directory to write the bundle to; it must not exist.

    Raises:
        ExportError: MLeap cannot carry the pipeline, or the bundle does not answer as Spark does.
        MlflowException: An argument does not fit the pipeline.
    """
    if sample_input is None:
        raise MlflowException.invalid_parameter_value(
            "sample_input is missing: MLeap reads from it what the pipeline reads and writes; give a Spark "
            "DataFrame that the pipeline can transform, or a model_package that holds its bundle"
        )
    model = spark_model if isinstance(spark_model, PipelineModel) else PipelineModel([spark_model])
    target.mkdir()
    bundle = load_bundle(export_bundle(model, sample_input, target / BUNDLE))
    sample = take_sample(model, sample_input, bundle)
    columns = default_output(model, bundle) if output_columns is None else output_columns
    columns = columns if isinstance(columns, str) else list(columns)
    predictor = BundleModel(bundle, columns)
    prove(bundle, sample)
    if signature is None:
        signature = bundle_signature(bundle, sample.types, sample.missing, columns)
    else:
        signature = complete_signature(signature, bundle, columns)
    example = sample.example if input_example is None else input_example
    if input_example is not None:
        _require_answer(predictor, signature, input_example)
    return Content(target, signature, example, columns)


def _require_answer(
    predictor: BundleModel, signature: ModelSignature, input_example: ModelInputExample
) -> None:
    """Make sure that an example is what the model takes: it is what people copy first."""
    try:
        predictor.predict(_enforce_schema(_Example(input_example).inference_data, signature.inputs))
    except MlflowException as error:
        raise MlflowException.invalid_parameter_value(
            f"the model does not answer input_example: {error.message}"
        ) from error
