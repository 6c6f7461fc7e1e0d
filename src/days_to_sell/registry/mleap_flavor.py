"""The ``mleap`` flavour provides an API for logging and loading Spark ML pipelines as MLeap bundles.

This module exports models with the following flavors:

MLeap (native) format
    This is the main flavor: a Bundle.ML zip, loaded by MLeap's own runtime and by :func:`load_model`.
:py:mod:`mlflow.spark`
    The pipeline as Spark saves it, unless ``spark_flavor`` is ``False``.
:py:mod:`mlflow.pyfunc`
    Produced for use by generic pyfunc-based deployment tools and batch inference. It scores the bundle in
    Python: it needs neither Spark nor a JVM, and its code travels with the model.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import pyfunc
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelInputExample, ModelSignature
from mlflow.models.model import MLMODEL_FILE_NAME, ModelInfo
from mlflow.models.utils import _save_example
from mlflow.tracking._model_registry import DEFAULT_AWAIT_MAX_SLEEP_SECONDS
from mlflow.tracking.artifact_utils import _download_artifact_from_uri
from mlflow.utils.docstring_utils import LOG_MODEL_PARAM_DOCS, format_docstring
from mlflow.utils.environment import (
    _CONDA_ENV_FILE_NAME,
    _PYTHON_ENV_FILE_NAME,
    _mlflow_conda_env,
    _validate_env_arguments,
)
from mlflow.utils.file_utils import get_total_file_size
from mlflow.utils.model_utils import (
    _add_code_from_conf_to_system_path,
    _get_flavor_configuration,
    _validate_and_copy_code_paths,
    _validate_and_prepare_target_save_path,
)
from mlflow.utils.requirements_utils import _get_pinned_requirement

from days_to_sell.registry.mleap_pyfunc import BundleModel, PackageModel
from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.package import BUNDLE, MANIFEST, open_package
from days_to_sell.scoring.predictor import Predictor

if TYPE_CHECKING:
    from pyspark.ml import Model as SparkModel
    from pyspark.sql import DataFrame

FLAVOR_NAME = "mleap"
MODEL_DATA_SUBPATH = "mleap"
CODE_SUBPATH = "code"
OUTPUT_COLUMNS = "output_columns"


def get_default_pip_requirements() -> list[str]:
    """
    Returns:
        A list of default pip requirements for MLflow Models produced by this flavor. Calls to
        :func:`save_model()` and :func:`log_model()` produce a pip environment that contains these
        requirements and MLflow: all that the ``python_function`` flavor needs. The ``spark`` flavor needs
        Spark, which is left to whoever loads it.
    """
    return [_get_pinned_requirement("numpy"), _get_pinned_requirement("pandas")]


def get_default_conda_env() -> dict[str, Any]:
    """
    Returns:
        The default Conda environment for MLflow Models produced by calls to
        :func:`save_model()` and :func:`log_model()`.
    """
    return _mlflow_conda_env(additional_pip_deps=get_default_pip_requirements())


# MLflow's decorator has no types; it changes the docstring alone.
@format_docstring(LOG_MODEL_PARAM_DOCS.format(package_name=FLAVOR_NAME))  # type: ignore[untyped-decorator]
def save_model(
    spark_model: SparkModel,
    path: str,
    mlflow_model: Model | None = None,
    conda_env: dict[str, Any] | str | None = None,
    code_paths: list[str] | None = None,
    dfs_tmpdir: str | None = None,
    signature: ModelSignature | None = None,
    input_example: ModelInputExample | None = None,
    pip_requirements: Iterable[str] | str | None = None,
    extra_pip_requirements: Iterable[str] | str | None = None,
    metadata: dict[str, Any] | None = None,
    *,
    sample_input: DataFrame | None = None,
    output_columns: str | Sequence[str] | None = None,
    spark_flavor: bool = True,
    model_package: str | Path | None = None,
) -> None:
    """Save a Spark ML pipeline as an MLeap bundle to a path on the local file system.

    Args:
        spark_model: See the document of argument ``spark_model`` in :func:`log_model`.
        path: Local path where the model is to be saved.
        mlflow_model: :py:mod:`mlflow.models.Model` this flavor is being added to.
        conda_env: {{ conda_env }}
        code_paths: {{ code_paths }}
        dfs_tmpdir: See the document of argument ``dfs_tmpdir`` in :py:func:`mlflow.spark.log_model`. Any file
            system that Spark reaches will do, the default one or not.
        signature: See the document of argument ``signature`` in :func:`log_model`.
        input_example: See the document of argument ``input_example`` in :func:`log_model`.
        pip_requirements: {{ pip_requirements }}
        extra_pip_requirements: {{ extra_pip_requirements }}
        metadata: {{ metadata }}
        sample_input: See the document of argument ``sample_input`` in :func:`log_model`.
        output_columns: See the document of argument ``output_columns`` in :func:`log_model`.
        spark_flavor: See the document of argument ``spark_flavor`` in :func:`log_model`.
        model_package: See the document of argument ``model_package`` in :func:`log_model`.

    Raises:
        ExportError: MLeap cannot carry the pipeline, or its bundle does not answer as Spark does.
        PackageError: ``model_package`` is damaged.
        MlflowException: An argument does not fit the pipeline, or a column has no type of a signature.
    """
    # Only whoever saves a model has Spark, and these stay behind where a model is loaded.
    from days_to_sell.registry.mleap_content import content_of_package, content_of_pipeline
    from days_to_sell.registry.mleap_files import copy_code, make_environment, write_environment
    from days_to_sell.registry.spark_scratch import handed_over_at

    _validate_env_arguments(conda_env, pip_requirements, extra_pip_requirements)
    home = Path(path).absolute()
    _validate_and_prepare_target_save_path(str(home))
    model = mlflow_model or Model()
    with tempfile.TemporaryDirectory(prefix="mleap-") as scratch:
        if model_package is not None:
            content = content_of_package(Path(model_package), signature, input_example, output_columns)
        else:
            content = content_of_pipeline(
                spark_model,
                sample_input,
                signature,
                input_example,
                output_columns,
                Path(scratch) / FLAVOR_NAME,
            )
        environment = make_environment(
            get_default_pip_requirements(), conda_env, pip_requirements, extra_pip_requirements
        )
        model.signature = content.signature
        if metadata is not None:
            model.metadata = metadata
        if spark_flavor:
            with handed_over_at(dfs_tmpdir):
                mlflow.spark.save_model(
                    spark_model,
                    str(home),
                    mlflow_model=model,
                    conda_env=environment.conda,
                    code_paths=code_paths,
                )
        else:
            _validate_and_copy_code_paths(code_paths, str(home), CODE_SUBPATH)
        copytree(content.data, home / MODEL_DATA_SUBPATH)
    copy_code(home / CODE_SUBPATH)
    _save_example(model, content.input_example, str(home))
    _add_flavors(model, home, content.output_columns, content.package_digest)
    if size := get_total_file_size(str(home)):
        model.model_size_bytes = size
    model.save(str(home / MLMODEL_FILE_NAME))
    write_environment(home, environment)


# MLflow's decorator has no types; it changes the docstring alone.
@format_docstring(LOG_MODEL_PARAM_DOCS.format(package_name=FLAVOR_NAME))  # type: ignore[untyped-decorator]
def log_model(
    spark_model: SparkModel,
    name: str | None = None,
    conda_env: dict[str, Any] | str | None = None,
    code_paths: list[str] | None = None,
    dfs_tmpdir: str | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | None = None,
    input_example: ModelInputExample | None = None,
    await_registration_for: int | None = DEFAULT_AWAIT_MAX_SLEEP_SECONDS,
    pip_requirements: Iterable[str] | str | None = None,
    extra_pip_requirements: Iterable[str] | str | None = None,
    metadata: dict[str, Any] | None = None,
    params: dict[str, Any] | None = None,
    tags: dict[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    *,
    sample_input: DataFrame | None = None,
    output_columns: str | Sequence[str] | None = None,
    spark_flavor: bool = True,
    model_package: str | Path | None = None,
    artifact_path: str | None = None,
) -> ModelInfo:
    """Log a Spark ML pipeline as an MLeap bundle, as an MLflow artifact for the current run.

    The bundle is proved before it is logged: what it answers to the rows of ``sample_input``, without Spark,
    is what Spark does.

    Args:
        spark_model: Fitted pipeline to be saved, or one fitted stage. This model must be MLeap-compatible:
            :py:func:`days_to_sell.registry.exportable.check_exportable` says so before it is fitted.
        name: {{ name }}
        conda_env: {{ conda_env }}
        code_paths: {{ code_paths }}
        dfs_tmpdir: See the document of argument ``dfs_tmpdir`` in :py:func:`mlflow.spark.log_model`. Any file
            system that Spark reaches will do, the default one or not.
        registered_model_name: If given, create a model version under
            ``registered_model_name``, also creating a registered model if one
            with the given name does not exist.
        signature: Model signature, which has to type every input column of the bundle. If not specified, it
            is inferred from ``sample_input``: a column that holds whole numbers, none of them missing, is
            ``long``, any other number ``double``, a vector an array of doubles. No model is stored without.
        input_example: {{ input_example }} If not specified, the first rows of ``sample_input``.
        await_registration_for: Number of seconds to wait for the model version to finish
            being created and is in ``READY`` status. By default, the function
            waits for five minutes. Specify 0 or None to skip waiting.
        pip_requirements: {{ pip_requirements }} They are not inferred: loading takes the defaults only.
        extra_pip_requirements: {{ extra_pip_requirements }}
        metadata: {{ metadata }}
        params: {{ params }}
        tags: {{ tags }}
        model_type: {{ model_type }}
        step: {{ step }}
        model_id: {{ model_id }}
        sample_input: Sample PySpark DataFrame input that the model can evaluate, of which the first 100 rows
            are used. This is required for schema inference, unless ``model_package`` is given.
        output_columns: What the ``python_function`` flavor predicts: the name of a column, of which it gives
            an array, or a list of names, of which it gives a frame. If not specified, the column that the
            last stage predicts, or the last that it writes. Whoever loads the model can choose others of
            those that the pipeline writes, with ``model_config={"output_columns": ...}``.
        spark_flavor: Whether to add the ``spark`` flavor too.
        model_package: Directory of a model package that holds the pipeline's bundle. With it, the
            ``python_function`` flavor takes the raw columns of the package's contract and predicts days.
        artifact_path: Deprecated. Use ``name`` instead.

    Returns:
        A :py:class:`ModelInfo <mlflow.models.model.ModelInfo>` instance that contains the
        metadata of the logged model.

    .. code-block:: python
        :caption: Example

        from pyspark.ml import Pipeline
        from pyspark.ml.feature import VectorAssembler
        from pyspark.ml.regression import LinearRegression

        from days_to_sell.registry import mleap_flavor
        from days_to_sell.training.spark.session import start_session

        spark = start_session("example")
        columns = "area double, rooms int, price double"
        homes = spark.createDataFrame([(54.0, 2, 210.0), (91.0, 4, 340.0), (70.0, 3, 265.0)], columns)
        features = VectorAssembler(inputCols=["area", "rooms"], outputCol="features")
        model = Pipeline(stages=[features, LinearRegression(labelCol="price")]).fit(homes)
        with mlflow.start_run():
            info = mleap_flavor.log_model(model, "homes", sample_input=homes)
        mlflow.pyfunc.load_model(info.model_uri).predict(homes.toPandas())
    """
    return Model.log(
        artifact_path=artifact_path,
        name=name,
        flavor=sys.modules[__name__],
        registered_model_name=registered_model_name,
        await_registration_for=await_registration_for,
        metadata=metadata,
        params=params,
        tags=tags,
        model_type=model_type,
        step=step,
        model_id=model_id,
        spark_model=spark_model,
        conda_env=conda_env,
        code_paths=code_paths,
        dfs_tmpdir=dfs_tmpdir,
        signature=signature,
        input_example=input_example,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        sample_input=sample_input,
        output_columns=output_columns,
        spark_flavor=spark_flavor,
        model_package=model_package,
    )


def load_model(model_uri: str, dst_path: str | None = None) -> Bundle:
    """Load the MLeap bundle of a model, which is scored in Python: no Spark, no JVM.

    Args:
        model_uri: The location, in URI format, of the MLflow model. For example:

            - ``/path/to/local/model``
            - ``relative/path/to/local/model``
            - ``s3://my_bucket/path/to/model``
            - ``runs:/<mlflow_run_id>/run-relative/path/to/model``
            - ``models:/<model_name>/<model_version>``

        dst_path: The local filesystem path to which to download the model artifact.
            This directory must already exist. If unspecified, a local output
            path will be created.

    Returns:
        The bundle: the pipeline's input columns in, every column that it writes out.
    """
    local = _download_artifact_from_uri(artifact_uri=model_uri, output_path=dst_path)
    configuration = _get_flavor_configuration(model_path=local, flavor_name=FLAVOR_NAME)
    _add_code_from_conf_to_system_path(local, configuration)
    data = Path(local) / MODEL_DATA_SUBPATH
    return load_bundle(open_package(data).bundle if (data / MANIFEST).exists() else data / BUNDLE)


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> BundleModel | PackageModel:
    """Load PyFunc implementation. Called by ``pyfunc.load_model``.

    Args:
        path: Local filesystem path to the data of the ``mleap`` flavor.
        model_config: Its ``output_columns`` are what is predicted.
    """
    data = Path(path)
    if (data / MANIFEST).exists():
        return PackageModel(Predictor(open_package(data)))
    columns = (model_config or {}).get(OUTPUT_COLUMNS)
    if columns is None:
        raise MlflowException.invalid_parameter_value(
            f"model_config names no {OUTPUT_COLUMNS}; mlflow.pyfunc.load_model gives what the model names"
        )
    return BundleModel(load_bundle(data / BUNDLE), columns)


def _add_flavors(
    model: Model, home: Path, output_columns: str | list[str] | None, package_digest: str | None
) -> None:
    """Describe the flavors in the model's metadata: in MLflow's terms, and by what lies in its directory."""
    with zipfile.ZipFile(home / MODEL_DATA_SUBPATH / BUNDLE) as bundle:
        version = json.loads(bundle.read("bundle.json")).get("version", "")
    model.add_flavor(
        FLAVOR_NAME,
        mleap_version=version,
        model_data=f"{MODEL_DATA_SUBPATH}/{BUNDLE}",
        code=CODE_SUBPATH,
        **({"package_digest": package_digest} if package_digest else {}),
    )
    pyfunc.add_to_model(
        model,
        loader_module=__name__,
        data=MODEL_DATA_SUBPATH,
        code=CODE_SUBPATH,
        conda_env=_CONDA_ENV_FILE_NAME,
        python_env=_PYTHON_ENV_FILE_NAME,
        model_config={OUTPUT_COLUMNS: output_columns} if output_columns else None,
    )
