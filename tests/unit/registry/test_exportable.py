"""What MLeap cannot carry is named before any fit, with the way out; what it carries passes."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark import keyword_only
from pyspark.ml import (
    Pipeline,
    Transformer,
    classification,
    clustering,
    feature,
    fpm,
    recommendation,
    regression,
)
from pyspark.ml import tuning as tuners
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.ml.param.shared import HasInputCol
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.errors import ExportError
from days_to_sell.models import find_model, model_names
from days_to_sell.registry.exportable import Finding, check_exportable, find_obstacles
from days_to_sell.registry.spark_operators import EXPORTER, OPERATORS, SPARK, SparkOperator
from days_to_sell.settings import Settings
from days_to_sell.training.fitting.pipeline import build_pipeline
from days_to_sell.training.spark.compatibility import read_coordinates
from days_to_sell.training.spark.mleap_releases import RELEASES

STAGES = {
    name: getattr(kind, name)
    for kind in (feature, regression, classification, clustering, recommendation, tuners, fpm)
    for name in kind.__all__
}
REFUSED = [each for each in OPERATORS if not (each.exports and each.scores_in_jvm)]
# Neither has a model that transforms.
NO_STAGES = {"PowerIterationClustering", "PrefixSpan", "ParamGridBuilder"}


class Doubled(Transformer, HasInputCol):
    """A stage that somebody wrote in Python."""

    @keyword_only
    def __init__(self, *, inputCol: str = "") -> None:  # noqa: N803 - Spark's spelling
        super().__init__()
        self._set(**self._input_kwargs)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        return dataset


@pytest.fixture(autouse=True)
def _session(spark: SparkSession) -> None:
    """Stages are objects of a JVM."""


def _made(name: str) -> Any:
    if name in {"CrossValidator", "TrainValidationSplit"}:
        return STAGES[name](estimator=regression.LinearRegression(), evaluator=RegressionEvaluator())
    if name == "OneVsRest":
        return STAGES[name](classifier=classification.LogisticRegression())
    return STAGES[name]()


def _only(*stages: Any) -> Finding:
    (finding,) = find_obstacles(Pipeline(stages=list(stages)))
    return finding


def test_the_table_names_every_stage_that_spark_has() -> None:
    """A misspelt name would let through what it does not mean, and none is left to luck."""
    named = [each.spark for each in OPERATORS]
    known = {name for name in STAGES if not name.endswith(("Model", "Summary"))} - NO_STAGES
    assert set(named) == known
    assert len(set(named)) == len(named)
    fitted = {each.fitted for each in OPERATORS if each.fitted}
    assert fitted <= set(STAGES)
    assert {name for name in STAGES if name.endswith("Model")} - fitted == {
        "LDAModel",
        "DistributedLDAModel",
    }


def test_what_the_table_was_found_with_is_what_is_pinned() -> None:
    """Exporter and Spark of the table are those of the default coordinates and of the tested releases."""
    assert read_coordinates(Settings().mleap_exporter).version == EXPORTER
    assert (EXPORTER, SPARK) in {(release.mleap, release.spark) for release in RELEASES}


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.spark)
def test_every_stage_is_judged_as_the_table_says(operator: SparkOperator) -> None:
    """By position and class, an error where MLeap does not carry it, a warning where only Spark is lost."""
    found = find_obstacles(Pipeline(stages=[_made(operator.spark)]))
    if operator in REFUSED:
        (finding,) = found
        assert finding == Finding("error", f"stage 0, {operator.spark}", operator.why, operator.instead)
        assert operator.why
        assert operator.instead
    elif not operator.reads_back:
        assert {finding.severity for finding in found} == {"warning"}
        assert f"not read back into Spark: {operator.why}" in found[0].why
    else:
        assert found == ()


@pytest.mark.parametrize(
    ("name", "parameters", "severity"),
    [
        ("StringIndexer", {"inputCols": ["a", "b"], "outputCols": ["c", "d"]}, "error"),
        ("StringIndexer", {"inputCol": "a", "outputCol": "c"}, None),
        ("Bucketizer", {"inputCols": ["a"], "outputCols": ["c"]}, "error"),
        ("QuantileDiscretizer", {"inputCols": ["a"], "outputCols": ["c"]}, "error"),
        ("Binarizer", {"inputCols": ["a"], "outputCols": ["c"]}, "error"),
        ("StopWordsRemover", {"inputCols": ["a"], "outputCols": ["c"]}, "error"),
        ("VectorAssembler", {"inputCols": ["a"], "outputCol": "c"}, None),
        ("OneHotEncoder", {"inputCol": "a", "outputCol": "c"}, "error"),
        ("OneHotEncoder", {"inputCols": ["a"], "outputCols": ["c"]}, None),
        ("GeneralizedLinearRegression", {"family": "tweedie", "variancePower": 1.5}, "error"),
        ("GeneralizedLinearRegression", {"family": "gamma"}, None),
        ("GeneralizedLinearRegression", {"offsetCol": "o"}, "error"),
        ("GBTRegressor", {"leafCol": "l"}, "warning"),
        ("GBTRegressor", {"leafCol": ""}, None),
        ("DecisionTreeRegressor", {"varianceCol": "v"}, "warning"),
    ],
)
def test_a_parameter_decides_where_the_table_says_so(
    name: str, parameters: dict[str, Any], severity: str | None
) -> None:
    """The finding names the parameter, and what to do without it."""
    found = find_obstacles(STAGES[name](**parameters))
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    for finding in found:
        assert finding.why.split(",")[0].removeprefix("with ") in parameters
        assert finding.instead


@pytest.mark.parametrize("kind", ["gaussian", "complement"])
def test_a_naive_bayes_of_another_type_is_refused(kind: str) -> None:
    """It exports, and MLeap's runtime cannot load it."""
    found = find_obstacles(classification.NaiveBayes(modelType=kind))
    assert [finding.severity for finding in found] == ["warning", "error"]


@pytest.mark.parametrize("stage", ["StringIndexer", "Bucketizer"])
def test_many_columns_are_seen_on_fitted_stages_too(spark: SparkSession, stage: str) -> None:
    """A loaded pipeline, whose estimator nobody has any more, is judged like a new one."""
    frame = spark.createDataFrame([("a", "b", 1.0), ("b", "a", 2.0)], "a string, b string, x double")
    if stage == "StringIndexer":
        many = feature.StringIndexer(inputCols=["a", "b"], outputCols=["c", "d"])
    else:
        many = feature.QuantileDiscretizer(inputCols=["x"], outputCols=["c"], numBuckets=2)
    (finding,) = find_obstacles(Pipeline(stages=[many]).fit(frame))
    assert finding.severity == "error"
    assert finding.stage.startswith(f"stage 0, {stage}")
    assert "with inputCols, only its form for one column exports" in finding.why


def test_every_refusal_is_named_at_once_and_by_its_place() -> None:
    """A nested pipeline does not hide a stage, and nobody has to fit twice to find a second one."""
    inner = Pipeline(stages=[feature.Imputer(inputCols=["a"], outputCols=["b"])])
    tree = classification.DecisionTreeClassifier()
    with pytest.raises(ExportError) as refused:
        check_exportable(Pipeline(stages=[inner, tree, feature.RobustScaler(inputCol="c", outputCol="d")]))
    lines = [line.strip() for line in str(refused.value).splitlines()]
    assert lines[0] == "MLeap cannot carry this pipeline:"
    assert lines[1].startswith(
        "stage 0, Pipeline > stage 0, Imputer: MLeap has no such operator; fill missing"
    )
    assert lines[2:] == [
        "stage 2, RobustScaler: MLeap has no such operator; use StandardScaler or MinMaxScaler"
    ]


def test_what_is_only_lost_to_spark_passes_with_a_warning() -> None:
    """A forest of trees that classify is scored; whoever wants it back in Spark is told."""
    (warning,) = check_exportable(Pipeline(stages=[classification.RandomForestClassifier()]))
    assert warning.severity == "warning"
    assert "scored, but not read back into Spark" in str(warning)


def test_what_a_search_or_one_vs_rest_wraps_is_looked_at() -> None:
    """The stage inside decides, and stands in the path."""
    machine = regression.FMRegressor()
    search = tuners.CrossValidator(estimator=machine, evaluator=RegressionEvaluator())
    assert _only(search).stage == "stage 0, CrossValidator > FMRegressor"
    found = find_obstacles(classification.OneVsRest(classifier=classification.LinearSVC()))
    assert [finding.severity for finding in found] == ["warning", "error"]
    assert found[1].stage == "stage 0, OneVsRest > LinearSVC"
    assert "use one of GBTClassifier, LogisticRegression, RandomForestClassifier" in found[1].instead


def test_a_stage_of_others_is_refused_by_its_module() -> None:
    """What Spark does not bring, MLeap does not know."""
    finding = _only(Doubled(inputCol="a"))
    assert (finding.severity, finding.stage) == ("error", "stage 0, Doubled")
    assert __name__ in finding.why
    derived = type("VectorAssembler", (feature.VectorAssembler,), {"__module__": "elsewhere"})
    assert "a stage of elsewhere" in _only(derived(inputCols=["a"], outputCol="b")).why


def test_a_pipeline_of_spark_connect_is_refused() -> None:
    """It runs in Python, so there is nothing that MLeap could export."""
    connect = pytest.importorskip(
        "pyspark.ml.connect.feature", reason="needs what pyspark.ml.connect imports"
    )
    scaler = connect.StandardScaler(inputCol="a", outputCol="b")
    (finding,) = find_obstacles(scaler)
    assert finding.severity == "error"
    assert "a stage of Spark Connect" in finding.why


def test_of_another_exporter_nothing_is_refused() -> None:
    """A later MLeap may have the operator; the finding says which one it holds for."""
    imputer = Pipeline(stages=[feature.Imputer(inputCols=["a"], outputCols=["b"])])
    (warning,) = check_exportable(imputer, exporter="0.25.2")
    assert warning.severity == "warning"
    assert warning.why == f"MLeap has no such operator (so MLeap {EXPORTER}; 0.25.2 was not tried)"


@pytest.mark.parametrize("folder", model_names())
def test_every_candidate_of_every_model_passes(folder: str) -> None:
    """What the spec's vocabulary can say, MLeap can carry."""
    spec = find_model(folder).spec
    for candidate in spec.candidates:
        check_exportable(build_pipeline(spec, candidate))
