"""Where the executors of a cluster hand a pipeline over to MLflow, which wants it on the driver's disk.

Executors write a pipeline's files, each on its own machine. MLflow lets Spark save to ``MLFLOW_DFS_TMP`` and
copies from there, but always by Hadoop's default file system; on most clusters that is the local disk, and a
bucket is refused with "Wrong FS". Here it copies by the file system of the place itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.environment_variables import MLFLOW_DFS_TMP
from mlflow.spark import _HadoopFileSystem
from pyspark.sql import SparkSession


@contextmanager
def handed_over_at(scratch: str | None) -> Iterator[None]:
    """Let what MLflow saves and loads of Spark in this block go by a place, and copy by its file system.

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
