"""A session that a platform started: the exporter's jar is there, and our folder is not on its class path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from days_to_sell.settings import Settings

pytestmark = pytest.mark.parts

PROGRAM = """
import sys
from pathlib import Path

from pyspark.ml import Pipeline
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import LinearRegression
from pyspark.sql import SparkSession

from days_to_sell.scoring import load_bundle
from days_to_sell.settings import Settings
from days_to_sell.training.spark.session import start_session

settings = Settings.from_env()
options = {
    "spark.jars.packages": settings.mleap_exporter, "spark.jars.ivy": str(settings.cache_dir / "ivy"),
    "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1",
}
builder = SparkSession.builder.master("local[1]").appName("platform")
for name, value in options.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
frame = spark.createDataFrame([(1.0, 2.0, 3.0), (2.0, 1.0, 4.0), (0.0, 1.0, 1.0)], ["a", "b", "y"])
assembler = VectorAssembler(inputCols=["a", "b"], outputCol="f")
model = Pipeline(stages=[assembler, LinearRegression(featuresCol="f", labelCol="y")]).fit(frame)
if sys.argv[1] == "ours":
    assert start_session("ours") == spark
spark._jvm.ml.combust.mleap.spark.SimpleSparkSerializer().serializeToBundle(
    model._to_java(), f"jar:file:{sys.argv[2]}", model.transform(frame)._jdf
)
answer = load_bundle(sys.argv[2]).transform([{"a": 1.0, "b": 2.0}])[0]["prediction"]
assert abs(answer - model.transform(frame).first()["prediction"]) < 1e-9
"""


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_start_session_makes_export_work_where_a_platform_started_spark(
    java_variables: Mapping[str, str], tmp_path: Path, whose: str
) -> None:
    """Without it, one operator that Spark 3.5 cannot load takes the exporter down; with it, none does."""
    bundle = tmp_path / "bundle.zip"
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, whose, str(bundle)],
        env={**os.environ, **java_variables, "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert (ran.returncode == 0) is (whose == "ours"), ran.stderr
    assert bundle.exists() is (whose == "ours")
    if whose == "theirs":
        assert "LDAModelOp" in ran.stderr, f"{Settings().mleap_exporter} needs the shorter list no more"
