"""From a fitted Spark pipeline to an MLeap bundle, and the check before fitting that this will work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaPackage
from py4j.protocol import Py4JJavaError
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import DataFrame

from days_to_sell.errors import ExportError

_ONE_COLUMN = "use one stage for each column, with inputCol and outputCol"
WAYS_OUT = {
    "Imputer": "declare the feature Bucketed, which has a bucket for missing values",
    "SQLTransformer": "declare a derivation in the spec, which is computed before the pipeline",
    "RobustScaler": "use StandardScaler or MinMaxScaler",
    "RFormula": "write out StringIndexer, OneHotEncoder and VectorAssembler",
    "FMRegressor": "use LinearRegression with Interaction, or GBTRegressor",
    "FMClassifier": "use LogisticRegression with Interaction, or GBTClassifier",
}
# Operators that export from Spark 3.5 with the exporter 0.16.0 and are scored by its runtime.
EXPORTABLE = frozenset(
    {
        "AFTSurvivalRegression",
        "Binarizer",
        "Bucketizer",
        "DecisionTreeRegressor",
        "ElementwiseProduct",
        "FeatureHasher",
        "GBTClassifier",
        "GBTRegressor",
        "GeneralizedLinearRegression",
        "IndexToString",
        "Interaction",
        "IsotonicRegression",
        "KMeans",
        "LinearRegression",
        "LinearSVC",
        "LogisticRegression",
        "MaxAbsScaler",
        "MinMaxScaler",
        "Normalizer",
        "OneHotEncoder",
        "OneVsRest",
        "PCA",
        "PolynomialExpansion",
        "QuantileDiscretizer",
        "RandomForestRegressor",
        "StandardScaler",
        "StringIndexer",
        "VectorAssembler",
        "VectorIndexer",
        "VectorSlicer",
    }
)


def check_exportable(pipeline: Pipeline | PipelineModel) -> None:
    """Walk a pipeline, fitted or not, and refuse what MLeap cannot carry.

    Raises:
        ExportError: Names every such stage, why, and what to use instead.
    """
    refusals = list(_refusals(_stages(pipeline)))
    if refusals:
        raise ExportError("MLeap cannot carry this pipeline:\n" + "\n".join(f"  {line}" for line in refusals))


def export_bundle(model: PipelineModel, sample_input: DataFrame, target: Path) -> Path:
    """Write a fitted pipeline as an MLeap bundle in JSON format.

    Args:
        model: The fitted pipeline.
        sample_input: A frame that the pipeline transforms; the exporter reads its schema.
        target: The ``.zip`` to write; it must not exist.

    Raises:
        ExportError: The exporter is not on the session, or refused a stage.
    """
    check_exportable(model)
    serializer = _serializer(sample_input)
    transformed = model.transform(sample_input)
    draft = target.with_name(f".{target.name}.part.zip")
    draft.unlink(missing_ok=True)
    try:
        serializer.serializeToBundle(model._to_java(), f"jar:file:{draft.absolute()}", transformed._jdf)
    except Py4JJavaError as error:
        draft.unlink(missing_ok=True)
        reason = str(error.java_exception.toString()).splitlines()[0]
        raise ExportError(f"the MLeap exporter refused the pipeline: {reason}") from error
    draft.rename(target)
    return target


def _serializer(frame: DataFrame) -> Any:
    jvm: Any = frame.sparkSession._jvm
    serializer = jvm.ml.combust.mleap.spark.SimpleSparkSerializer
    if isinstance(serializer, JavaPackage):
        raise ExportError(
            "the MLeap exporter is not on this Spark session; start it with days_to_sell.training.session, "
            "or add the exporter's coordinates to spark.jars.packages"
        )
    return serializer()


def _stages(pipeline: Pipeline | PipelineModel) -> Sequence[Any]:
    return pipeline.stages if isinstance(pipeline, PipelineModel) else pipeline.getStages()


def _refusals(stages: Sequence[Any]) -> Iterator[str]:
    for number, stage in enumerate(stages):
        where = f"stage {number}, {type(stage).__name__}"
        kind = _kind(stage)
        if isinstance(stage, Pipeline | PipelineModel):
            yield from (f"{where} > {line}" for line in _refusals(_stages(stage)))
        elif kind in WAYS_OUT:
            yield f"{where}: MLeap has no such operator; {WAYS_OUT[kind]}"
        elif kind in {"StringIndexer", "Bucketizer"} and stage.isSet("inputCols"):
            yield f"{where}: only its one-column form exports; {_ONE_COLUMN}"
        elif kind not in EXPORTABLE:
            yield f"{where}: not known to export; choose one of {', '.join(sorted(EXPORTABLE))}"


def _kind(stage: Any) -> str:
    """Name the estimator behind a stage, fitted or not."""
    name = type(stage).__name__.removesuffix("Model")
    for family in ("GBT", "DecisionTree", "RandomForest"):
        name = name.replace(f"{family}Regression", f"{family}Regressor")
        name = name.replace(f"{family}Classification", f"{family}Classifier")
    return name
