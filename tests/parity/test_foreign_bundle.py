"""A bundle that MLeap's own tools wrote, of something that is no car, is scored by one command."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import IndexToString, OneHotEncoder, StandardScaler, StringIndexer, VectorAssembler
from pyspark.sql import SparkSession

from tests.parity.conftest import Export

# Typical length and width of a petal and the soil that each flower likes.
FLOWERS = {"blue": (1.5, 0.3, "sand"), "pied": (4.3, 1.3, "loam"), "tall": (5.6, 2.0, "clay")}
MEASURES = ["length", "width"]


def petals(count: int) -> list[dict[str, object]]:
    """Flowers measured with some error, on soil that is mostly theirs."""
    chance = random.Random(3)  # noqa: S311 - flowers, not secrets
    found: list[dict[str, object]] = []
    for _ in range(count):
        name, (length, width, soil) = chance.choice(list(FLOWERS.items()))
        grown_on = soil if chance.random() < 0.8 else "loam"
        measures = (chance.gauss(length, 0.4), chance.gauss(width, 0.2))
        found.append(dict(zip(MEASURES, measures, strict=True)) | {"soil": grown_on, "flower": name})
    return found


@pytest.fixture(scope="module")
def without_spark(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that cannot import what a plain installation does not have."""
    shadows = tmp_path_factory.mktemp("shadows")
    for name in ("pyspark", "py4j", "mlflow", "pandas"):
        (shadows / f"{name}.py").write_text("raise ImportError('not installed here')\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(shadows), "DAYS_TO_SELL_ENGINE": "python"}
    tried = subprocess.run(
        [sys.executable, "-c", "import pyspark"], env=environment, capture_output=True, check=False
    )
    assert tried.returncode == 1
    return environment


def test_one_command_answers_as_spark_does(
    spark: SparkSession, export: Export, without_spark: dict[str, str], tmp_path: Path
) -> None:
    """From CSV to CSV: class, probabilities and the name of the class are those that Spark gives."""
    rows = petals(150)
    frame = spark.createDataFrame(rows, "length double, width double, soil string, flower string")
    labels = StringIndexer(inputCol="flower", outputCol="label").fit(frame)
    stages = [
        StringIndexer(inputCol="soil", outputCol="soil_index", handleInvalid="keep"),
        OneHotEncoder(inputCols=["soil_index"], outputCols=["soil_hot"]),
        VectorAssembler(inputCols=[*MEASURES, "soil_hot"], outputCol="measured"),
        StandardScaler(inputCol="measured", outputCol="features"),
        LogisticRegression(maxIter=10),
        IndexToString(inputCol="prediction", outputCol="named", labels=labels.labels),
    ]
    model = Pipeline(stages=stages).fit(labels.transform(frame))
    bundle = export(model, labels.transform(frame))

    source, target = tmp_path / "petals.csv", tmp_path / "named.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*MEASURES, "soil"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    command = [sys.executable, "-m", "days_to_sell.cli", "bundle", "score", str(bundle)]
    ended = subprocess.run(
        [*command, "--input", str(source), "--output", str(target)],
        env=without_spark,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr

    with target.open(encoding="utf-8", newline="") as file:
        answers = list(csv.DictReader(file))
    expected = model.transform(frame).select("prediction", "probability", "named").collect()
    assert [float(each["prediction"]) for each in answers] == [each["prediction"] for each in expected]
    assert [each["named"] for each in answers] == [each["named"] for each in expected]
    assert len({each["named"] for each in answers}) == len(FLOWERS)
    for answer, due in zip(answers, expected, strict=True):
        assert json.loads(answer["probability"]) == pytest.approx(list(due["probability"]), rel=1e-9)
