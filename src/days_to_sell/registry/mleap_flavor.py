"""The ``mleap`` flavour: one logged model that Spark, MLeap and plain Python can all load.

The model directory holds the Spark pipeline (``sparkml/``), the model package with the MLeap bundle
(``mleap/``) and the code that scores it (``code/``), so that the ``python_function`` flavour needs neither
Spark nor a JVM, nor an installed toolkit.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
from mlflow import pyfunc
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelInputExample, ModelSignature
from mlflow.models.model import MLMODEL_FILE_NAME, ModelInfo
from mlflow.models.utils import _save_example
from mlflow.tracking.artifact_utils import _download_artifact_from_uri
from mlflow.types import ColSpec, DataType, Schema
from mlflow.utils.environment import _mlflow_conda_env
from mlflow.utils.model_utils import _get_flavor_configuration

import days_to_sell
from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.scoring.predictor import Predictor, Refusal

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel

FLAVOR_NAME = "mleap"
MODEL_DATA_SUBPATH = "mleap"
CODE_SUBPATH = "code"
# What travels with the model: the parts of this package that scoring needs, and this module.
TRAVELS = (
    "__init__.py",
    "errors.py",
    "py.typed",
    "spec",
    "scoring",
    "registry/__init__.py",
    "registry/mleap_flavor.py",
)
EXPORTER_VERSION = "0.16.0"
SHOWN = 5


def get_default_pip_requirements() -> list[str]:
    """List the requirements that models logged with this flavour have for scoring in Python.

    Returns:
        MLflow itself; it brings pandas, and the bundle is scored by code that travels with the model.
    """
    return [f"mlflow=={mlflow.__version__}", f"pandas=={pd.__version__}"]


def get_default_conda_env() -> dict[str, Any]:
    """Give the conda environment of models logged with this flavour.

    Returns:
        The environment as MLflow writes it to ``conda.yaml``.
    """
    return _mlflow_conda_env(additional_pip_deps=get_default_pip_requirements())


def infer_signature(package: ModelPackage) -> ModelSignature:
    """Make the signature of a model package: its raw columns, and days as an unnamed double.

    Dates are ISO 8601 strings, as they are over REST.
    """
    types = {"string": "string", "long": "long", "double": "double", "date": "string"}
    columns = [field.column for field in package.contract.fields]
    inputs = [
        ColSpec(
            DataType[types[column.type]],
            column.name,
            required=not (column.nullable or column.default_today),
        )
        for column in columns
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec(DataType.double)]))


def save_model(
    spark_model: PipelineModel,
    path: str,
    model_package: str | Path,
    mlflow_model: Model | None = None,
    signature: ModelSignature | None = None,
    input_example: ModelInputExample | None = None,
    pip_requirements: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Save a Spark ML pipeline with its MLeap bundle to a path on the local file system.

    Args:
        spark_model: Fitted pipeline, saved as the ``spark`` flavour.
        path: Local path where the model is to be saved; it must not exist.
        model_package: Directory of the model package that holds the pipeline's bundle.
        mlflow_model: :py:mod:`mlflow.models.Model` this flavor is being added to.
        signature: Model signature; inferred from the package's contract when not given.
        input_example: Example of a valid input; the contract's examples when not given.
        pip_requirements: Requirements for scoring in Python; those of this flavour when not given.
        metadata: Custom metadata, written to the MLmodel file.

    Raises:
        PackageError: ``model_package`` is damaged.
    """
    package = open_package(Path(model_package))
    model = mlflow_model or Model()
    mlflow.spark.save_model(
        spark_model,
        path,
        mlflow_model=model,
        signature=signature or infer_signature(package),
        pip_requirements=list(pip_requirements or get_default_pip_requirements()),
        metadata=metadata,
    )
    home = Path(path)
    shutil.copytree(package.root, home / MODEL_DATA_SUBPATH)
    _copy_code(home / CODE_SUBPATH)
    example = input_example if input_example is not None else _example(package)
    _save_example(model, example, str(home))
    model.add_flavor(
        FLAVOR_NAME,
        mleap_version=EXPORTER_VERSION,
        model_data=MODEL_DATA_SUBPATH,
        package_digest=package.digest,
        code=CODE_SUBPATH,
    )
    pyfunc.add_to_model(
        model,
        loader_module=__name__,
        data=MODEL_DATA_SUBPATH,
        code=CODE_SUBPATH,
        conda_env="conda.yaml",
        python_env="python_env.yaml",
    )
    model.save(str(home / MLMODEL_FILE_NAME))


def log_model(
    spark_model: PipelineModel,
    name: str,
    model_package: str | Path,
    registered_model_name: str | None = None,
    signature: ModelSignature | None = None,
    input_example: ModelInputExample | None = None,
    pip_requirements: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> ModelInfo:
    """Log a Spark ML pipeline with its MLeap bundle as an MLflow artifact of the current run.

    Args:
        spark_model: Fitted pipeline.
        name: Name of the logged model.
        model_package: Directory of the model package that holds the pipeline's bundle.
        registered_model_name: If given, create a version of this registered model.
        signature: Model signature; inferred from the package's contract when not given.
        input_example: Example of a valid input; the contract's examples when not given.
        pip_requirements: Requirements for scoring in Python.
        metadata: Custom metadata.

    Returns:
        The logged model's metadata, with its flavors and, when registered, its version.
    """
    return Model.log(
        artifact_path=None,
        name=name,
        flavor=sys.modules[__name__],
        spark_model=spark_model,
        model_package=model_package,
        registered_model_name=registered_model_name,
        signature=signature,
        input_example=input_example,
        pip_requirements=pip_requirements,
        metadata=metadata,
    )


def load_model(model_uri: str, dst_path: str | None = None) -> Bundle:
    """Load the MLeap bundle of a model, scored in Python without a JVM.

    Args:
        model_uri: The location, in URI format, of the MLflow model.
        dst_path: Local directory to download the model to.

    Returns:
        The bundle: derived columns in, every output column of the pipeline out.
    """
    local = _download_artifact_from_uri(artifact_uri=model_uri, output_path=dst_path)
    configuration = _get_flavor_configuration(model_path=local, flavor_name=FLAVOR_NAME)
    return load_bundle(open_package(Path(local) / configuration["model_data"]).bundle)


def _load_pyfunc(path: str) -> _PackageModel:
    """Load the ``python_function`` flavour.

    Args:
        path: The model package inside the model directory.
    """
    return _PackageModel(Predictor(open_package(Path(path))))


class _PackageModel:
    """Scores frames of raw columns with a model package."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.Series[float]:
        """Predict days for each row.

        Args:
            data: Raw columns by the signature.
            params: Not used; there are none.

        Raises:
            MlflowException: A row breaks the contract or has no finite answer; names rows and fields.
        """
        rows = data.astype(object).where(data.notna(), None).to_dict("records")
        answers = self._predictor.predict(rows)
        refused = [(i, answer) for i, answer in enumerate(answers) if isinstance(answer, Refusal)]
        if refused:
            lines = "; ".join(f"row {i}: {answer}" for i, answer in refused[:SHOWN])
            raise MlflowException.invalid_parameter_value(
                f"{len(refused)} of {len(rows)} rows have no answer: {lines}"
            )
        return pd.Series([float(a) for a in answers if not isinstance(a, Refusal)], index=data.index)


def _example(package: ModelPackage) -> pd.DataFrame:
    return pd.DataFrame([{field.column.name: field.example for field in package.contract.fields}])


def _copy_code(target: Path) -> None:
    home = Path(days_to_sell.__file__).parent
    for part in TRAVELS:
        source, copy = home / part, target / home.name / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
