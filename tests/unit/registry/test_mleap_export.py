"""A fitted pipeline becomes a bundle, whole or not at all, and an error says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pyspark.ml import Estimator, Pipeline, PipelineModel, Transformer, feature
from pyspark.sql import SparkSession

from days_to_sell.errors import ExportError
from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.scoring import load_bundle

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


def test_a_column_whose_categories_are_unknown_is_named(spark: SparkSession, tmp_path: Path) -> None:
    """One-hot encoding of plain numbers fits in Spark; the error says what tells MLeap the categories."""
    encoder = feature.OneHotEncoder(inputCols=["number"], outputCols=["vector"])
    model = _fitted(spark, encoder)
    with pytest.raises(ExportError, match="column number has; index it with StringIndexer or cut"):
        export_bundle(model, spark.createDataFrame([(1.0,)], "number double"), tmp_path / "bundle.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_sample_that_the_pipeline_cannot_transform_is_said(spark: SparkSession, tmp_path: Path) -> None:
    """Spark's own words name the column."""
    model = _fitted(spark, feature.StringIndexer(inputCol="text", outputCol="rank"))
    with pytest.raises(ExportError, match=r"refused the pipeline: .*text"):
        export_bundle(model, spark.createDataFrame([(1.0,)], "number double"), tmp_path / "bundle.zip")


def test_a_sample_that_is_no_frame_of_spark_is_said(spark: SparkSession, tmp_path: Path) -> None:
    """A pandas frame, or one of a Connect session, is refused by what it is."""
    model = _fitted(spark, feature.StringIndexer(inputCol="text", outputCol="rank"))
    with pytest.raises(ExportError, match=r"sample_input is a .*pandas.*; give a Spark DataFrame"):
        export_bundle(model, pd.DataFrame({"text": ["a"]}), tmp_path / "bundle.zip")
    remote = type("DataFrame", (), {"__module__": "pyspark.sql.connect.dataframe"})()
    with pytest.raises(ExportError, match="Spark Connect session, from which MLeap cannot export"):
        export_bundle(model, remote, tmp_path / "bundle.zip")


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
