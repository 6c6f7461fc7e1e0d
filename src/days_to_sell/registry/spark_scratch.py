"""Where the executors of a cluster hand a pipeline over to MLflow, which wants it on the driver's disk.

Executors write a pipeline's files, each on its own machine. MLflow lets Spark save to ``MLFLOW_DFS_TMP`` and
copies from there, but always by Hadoop's default file system; on most clusters that is the local disk, and a
bucket is refused with "Wrong FS". Here it copies by the file system of the place itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import mlflow
from mlflow.environment_variables import MLFLOW_DFS_TMP
from mlflow.spark import _HadoopFileSystem
from pyspark.ml import PipelineModel
from pyspark.sql import SparkSession


@contextmanager
def handed_over_at(scratch: str | None) -> Iterator[None]:
    """Let what MLflow saves of Spark in this block go by a place, and copy by its file system.

    Args:
        scratch: A folder; what ``MLFLOW_DFS_TMP`` says, or MLflow's default, when not given.
    """
    place = scratch or str(MLFLOW_DFS_TMP.get())
    before, copying = MLFLOW_DFS_TMP.get_raw(), _HadoopFileSystem._filesystem
    spark = SparkSession.builder.getOrCreate()
    path = spark._jvm.org.apache.hadoop.fs.Path(place)  # type: ignore[union-attr]
    _HadoopFileSystem._filesystem = path.getFileSystem(spark._jsc.hadoopConfiguration())
    MLFLOW_DFS_TMP.set(place)
    try:
        yield
    finally:
        _HadoopFileSystem._filesystem = copying
        MLFLOW_DFS_TMP.unset() if before is None else MLFLOW_DFS_TMP.set(before)


def load_pipeline(uri: str, scratch: str | None) -> PipelineModel:
    """Load a pipeline that MLflow keeps, where executors can read it.

    MLflow's own loader uploads from a path without a scheme, which Hadoop's S3A refuses with "Cannot get
    relative path"; so what is uploaded here is named in full.

    Args:
        uri: Of a model with a Spark flavour.
        scratch: A folder that executors on other machines share, where there are any.
    """
    if scratch is None:
        return mlflow.spark.load_model(uri)
    spark = SparkSession.builder.getOrCreate()
    path_of = spark._jvm.org.apache.hadoop.fs.Path  # type: ignore[union-attr]
    shared = path_of(f"{scratch.rstrip('/')}/loaded-{uuid4()}")
    files = shared.getFileSystem(spark._jsc.hadoopConfiguration())
    with tempfile.TemporaryDirectory() as folder:
        model = Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder))
        flavor = mlflow.models.Model.load(model).flavors["spark"]
        try:
            files.copyFromLocalFile(False, True, path_of((model / flavor["model_data"]).as_uri()), shared)
            return PipelineModel.load(str(shared))
        finally:
            files.delete(shared, True)
