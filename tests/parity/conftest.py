"""The engines under test: Spark, MLeap's JVM runtime, and the Python scorer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.training.spark.session import start_session

Export = Callable[[PipelineModel, DataFrame], Path]


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """The session that the library itself starts; other tests of this process may share it, so it stays."""
    try:
        return start_session("parity", master="local[2]")
    except EnvironmentProblem as error:
        pytest.skip(f"needs Spark with the MLeap exporter: {error}")


@pytest.fixture(scope="session")
def export(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Write a fitted pipeline as a bundle, with MLeap's own exporter."""

    def write(model: PipelineModel, sample: DataFrame) -> Path:
        path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
        serializer = spark._jvm.ml.combust.mleap.spark.SimpleSparkSerializer()
        serializer.serializeToBundle(model._to_java(), f"jar:file:{path}", model.transform(sample)._jdf)
        return path

    return write
