"""What MLeap cannot carry is refused before any fit, with the way out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.ml import Estimator, Pipeline, PipelineModel, Transformer, classification, feature, regression
from pyspark.sql import SparkSession

from days_to_sell.errors import ExportError
from days_to_sell.models import find_model, model_names
from days_to_sell.registry.mleap_export import EXPORTABLE, WAYS_OUT, check_exportable, export_bundle
from days_to_sell.scoring import load_bundle
from days_to_sell.training.pipeline import build_pipeline

STAGES = {
    name: getattr(kind, name) for kind in (feature, regression, classification) for name in kind.__all__
}
WITHOUT_EXPORTER = """
import sys
from pathlib import Path
from pyspark.ml import PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession
from days_to_sell.errors import ExportError
from days_to_sell.registry.mleap_export import export_bundle

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", False)
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .getOrCreate()
)
model = PipelineModel(stages=[VectorAssembler(inputCols=["a"], outputCol="features")])
try:
    export_bundle(model, spark.createDataFrame([(1.0,)], "a double"), Path(sys.argv[1]))
except ExportError as error:
    print("refused:", error)
"""


@pytest.fixture(autouse=True)
def _session(spark: SparkSession) -> None:
    """Stages are objects of a JVM."""


@pytest.mark.parametrize("name", WAYS_OUT)
def test_a_stage_without_an_operator_is_refused_with_the_way_out(name: str) -> None:
    """The error names the position and the stage, and what to use in its place."""
    pipeline = Pipeline(stages=[feature.VectorAssembler(inputCols=["a"], outputCol="b"), STAGES[name]()])
    with pytest.raises(ExportError) as refused:
        check_exportable(pipeline)
    assert f"stage 1, {name}: MLeap has no such operator; {WAYS_OUT[name]}" in str(refused.value)


@pytest.mark.parametrize("stage", ["StringIndexer", "Bucketizer"])
def test_a_stage_of_many_columns_is_refused_with_its_form_for_one(stage: str) -> None:
    """Only the one-column form of these two exports; the error says so."""
    many = STAGES[stage](inputCols=["a", "b"], outputCols=["c", "d"])
    with pytest.raises(ExportError, match=f"stage 0, {stage}: only its one-column form.*one stage for each"):
        check_exportable(Pipeline(stages=[many]))
    check_exportable(Pipeline(stages=[STAGES[stage](inputCol="a", outputCol="c")]))


def test_every_refusal_is_named_at_once_and_by_its_place() -> None:
    """A nested pipeline does not hide a stage, and nobody has to fit twice to find a second one."""
    inner = Pipeline(stages=[feature.Imputer(inputCols=["a"], outputCols=["b"])])
    with pytest.raises(ExportError) as refused:
        check_exportable(Pipeline(stages=[inner, feature.RobustScaler(inputCol="c", outputCol="d")]))
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert lines[1].strip().startswith("stage 0, Pipeline > stage 0, Imputer: ")
    assert lines[2].strip().startswith("stage 1, RobustScaler: ")


def test_a_stage_that_nobody_tried_is_refused_with_those_that_are_known() -> None:
    """What is on no list is not hoped for."""
    with pytest.raises(ExportError, match="stage 0, NGram: not known to export; choose one of AFTSurvival"):
        check_exportable(Pipeline(stages=[feature.NGram(inputCol="a", outputCol="b")]))


def test_the_lists_name_stages_that_spark_has_and_do_not_overlap() -> None:
    """A misspelt name would refuse, or let through, what it does not mean."""
    known = {*STAGES, "KMeans"}
    assert EXPORTABLE | set(WAYS_OUT) <= known
    assert not EXPORTABLE & set(WAYS_OUT)


@pytest.mark.parametrize("folder", model_names())
def test_every_candidate_of_every_model_passes(folder: str) -> None:
    """What the spec's vocabulary can say, MLeap can carry."""
    spec = find_model(folder).spec
    for candidate in spec.candidates:
        check_exportable(build_pipeline(spec, candidate))


def _fitted(spark: SparkSession, stage: Estimator | Transformer) -> PipelineModel:
    frame = spark.createDataFrame([("a", 1.0), ("b", 2.0)], "text string, number double")
    return Pipeline(stages=[stage]).fit(frame)


def test_a_bundle_appears_whole_and_scores(spark: SparkSession, tmp_path: Path) -> None:
    """Nothing but the finished bundle is left in the folder, and it answers as the pipeline does."""
    model = _fitted(spark, feature.StringIndexer(inputCol="text", outputCol="rank"))
    target = export_bundle(model, spark.createDataFrame([("a",)], "text string"), tmp_path / "bundle.zip")
    assert list(tmp_path.iterdir()) == [target]
    assert load_bundle(target).transform([{"text": "b"}]) == [{"text": "b", "rank": 1.0}]


def test_a_fitted_stage_that_cannot_be_carried_leaves_no_file(spark: SparkSession, tmp_path: Path) -> None:
    """The check holds for fitted pipelines too, before anything is written."""
    model = _fitted(spark, feature.Imputer(inputCols=["number"], outputCols=["filled"]))
    with pytest.raises(ExportError, match="stage 0, ImputerModel: MLeap has no such operator"):
        export_bundle(model, spark.createDataFrame([(1.0,)], "number double"), tmp_path / "bundle.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_session_without_the_exporter_is_told_how_to_get_it(
    tmp_path: Path, java_variables: dict[str, str]
) -> None:
    """A plain Spark session gives an error that says what is missing, not one about Java packages."""
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXPORTER, str(tmp_path / "bundle.zip")],
        cwd=tmp_path,
        env=os.environ | java_variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "refused: the MLeap exporter is not on this Spark session; start it with" in finished.stdout, (
        finished.stderr[-2_000:]
    )
    assert not (tmp_path / "bundle.zip").exists()
