"""Whether Spark's executors and this process see the same files."""

from __future__ import annotations

import os
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from days_to_sell.data.storage import Storage
from days_to_sell.errors import DataError


def runs_here(spark: SparkSession) -> bool:
    """Whether the executors live in the driver's own process."""
    master = str(spark.sparkContext.master)
    return master == "local" or master.startswith("local[")


def is_elsewhere(spark: SparkSession, location: str) -> bool:
    """Whether a location is a path on each machine's own disk, of a session that spans machines."""
    return not runs_here(spark) and Storage(spark).is_local(location)


def scratch_beside(spark: SparkSession, shared: str) -> str | None:
    """Choose where executors hand the files of a pipeline over to this process.

    Args:
        spark: The session.
        shared: A folder that both see, such as that of the training data.

    Returns:
        What MLflow's own setting says; else a folder in ``shared``; none where executors are in this process.
    """
    if place := os.environ.get("MLFLOW_DFS_TMP"):
        return place
    return None if runs_here(spark) else f"{Storage(spark).absolute(shared).rstrip('/')}/_scratch"


def require_shared(spark: SparkSession, folder: str) -> None:
    """Make sure that what executors write to a folder is seen by this process.

    Where they do not share a disk, an executor's rows stay on its machine, and Spark reports success. So a
    folder that is a plain path is tried, with a few small files from all executors.

    Args:
        spark: The session.
        folder: Where rows or models are to be written.

    Raises:
        DataError: Executors cannot write there, or not all of what they wrote is seen.
    """
    if not is_elsewhere(spark, folder):
        return
    storage = Storage(spark)
    files = 2 * max(2, spark.sparkContext.defaultParallelism)
    probe = f"{folder.rstrip('/')}/_probe-{uuid4().hex}"
    said = ""
    try:
        spark.range(0, files, 1, files).selectExpr("cast(id AS string)").write.text(probe)
        seen = len([name for name in storage.names(probe) if name.startswith("part-")])
    except (Py4JJavaError, PySparkException) as error:
        seen, said = 0, f" ({next(iter(str(error).splitlines()), '')[:200]})"
    finally:
        storage.delete(probe)
    if seen != files:
        raise DataError(
            f"{folder} is a path on this machine, and of {files} files that the executors of "
            f"{spark.sparkContext.master} wrote there {seen} are seen here{said}; name a place that all "
            "machines share, such as s3a://bucket/prefix, or mount the same folder on each"
        )
