"""The spark flavour by way of a file system that is not Hadoop's default one, as a bucket is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow.spark import _HadoopFileSystem
from pyspark.errors import IllegalArgumentException
from pyspark.ml import PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

from days_to_sell.registry.spark_scratch import handed_over_at

SCRATCH = "viewfs://shared/scratch"


@pytest.fixture
def shared(spark: SparkSession, tmp_path: Path) -> Iterator[Path]:
    """A folder that Spark reaches as another file system."""
    folder = tmp_path / "shared"
    folder.mkdir()
    configuration = spark._jsc.hadoopConfiguration()
    link = "fs.viewfs.mounttable.shared.link./scratch"
    configuration.set(link, folder.as_uri())
    configuration.set("fs.viewfs.impl.disable.cache", "true")
    yield folder
    configuration.unset(link)


@pytest.fixture
def pipeline(spark: SparkSession) -> PipelineModel:
    """A pipeline of one stage."""
    return PipelineModel(stages=[VectorAssembler(inputCols=["a"], outputCol="features")])


def test_mlflow_alone_cannot_copy_from_there(shared: Path, pipeline: PipelineModel, tmp_path: Path) -> None:
    """What this module is for; once this fails, MLflow can, and it may go."""
    with pytest.raises(IllegalArgumentException, match="Wrong FS"):
        mlflow.spark.save_model(pipeline, str(tmp_path / "model"), dfs_tmpdir=SCRATCH, pip_requirements=[])


def test_a_pipeline_is_saved_and_loaded_by_way_of_it(
    shared: Path, pipeline: PipelineModel, tmp_path: Path
) -> None:
    """What was saved is whole, and nothing stays behind there."""
    with handed_over_at(SCRATCH):
        mlflow.spark.save_model(pipeline, str(tmp_path / "model"), pip_requirements=[])
        assert list(shared.iterdir()) == []
        loaded = mlflow.spark.load_model(str(tmp_path / "model"))
    assert loaded.stages[0].getOutputCol() == "features"
    assert list((tmp_path / "model" / "sparkml" / "metadata").glob("part-*"))


def test_mlflow_is_left_as_it_was(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place and its file system are those of before, also after a failure."""
    monkeypatch.setenv("MLFLOW_DFS_TMP", "/before")
    before = _HadoopFileSystem._filesystem
    places = []

    def fail() -> None:
        with handed_over_at(SCRATCH):
            places.append(os.environ["MLFLOW_DFS_TMP"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert places == [SCRATCH]
    assert os.environ["MLFLOW_DFS_TMP"] == "/before"
    assert _HadoopFileSystem._filesystem is before
