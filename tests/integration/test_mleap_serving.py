"""MLflow serves and scores an MLeap model where neither Spark nor the toolkit can be imported."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pyspark.ml import Pipeline, feature, regression
from pyspark.sql import SparkSession

from days_to_sell.registry import mleap_flavor
from stack.ports import free_port
from tests.elsewhere import make_elsewhere

START_SECONDS = 120
ROWS = [
    ("flat", 54.0, 2.0, 210.0),
    ("house", 91.0, 4.0, 340.0),
    ("flat", 70.0, 3.0, 265.0),
    ("house", 120.0, 5.0, 410.0),
]
PREDICT = """
import json, sys
import mlflow
mlflow.models.predict(
    model_uri=sys.argv[1], input_data=json.load(sys.stdin), env_manager="local", output_path=sys.argv[2]
)
print(sys.modules["days_to_sell"].__file__)
"""


@pytest.fixture(scope="module")
def model(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    """A saved model, and what Spark answers to the rows."""
    homes = spark.createDataFrame(ROWS, "kind string, area double, rooms double, price double").coalesce(1)
    stages = [
        feature.StringIndexer(inputCol="kind", outputCol="rank", handleInvalid="error"),
        feature.VectorAssembler(
            inputCols=["area", "rooms", "rank"], outputCol="features", handleInvalid="keep"
        ),
        regression.GBTRegressor(labelCol="price", maxIter=3, seed=1),
    ]
    fitted = Pipeline(stages=stages).fit(homes)
    path = tmp_path_factory.mktemp("saved") / "model"
    mleap_flavor.save_model(fitted, str(path), sample_input=homes, spark_flavor=False)
    return path, [row["prediction"] for row in fitted.transform(homes).collect()]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without Spark and the toolkit."""
    found = make_elsewhere(tmp_path_factory.mktemp("elsewhere"))
    for module in ("days_to_sell", "pyspark", "py4j"):
        ended = subprocess.run([str(found), "-I", "-c", f"import {module}"], capture_output=True, check=False)
        assert b"ModuleNotFoundError" in ended.stderr, module
    return found


def _variables(python: Path) -> dict[str, str]:
    return {
        "PATH": f"{python.parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(python.parents[1]),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _records() -> list[dict[str, str | float]]:
    return [dict(zip(("kind", "area", "rooms"), row, strict=False)) for row in ROWS]


def test_mlflow_predicts_in_an_environment_without_spark(
    model: tuple[Path, list[float]], python: Path, tmp_path: Path
) -> None:
    """``mlflow.models.predict`` answers as Spark did, by the code that came with the model."""
    saved, expected = model
    output = tmp_path / "output.json"
    ended = subprocess.run(
        [str(python), "-I", "-c", PREDICT, str(saved), str(output)],
        input=json.dumps(_records()),
        cwd=tmp_path,
        env=_variables(python),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    assert ended.stdout.strip().endswith(str(saved / "code" / "days_to_sell" / "__init__.py"))
    assert json.loads(output.read_text())["predictions"] == pytest.approx(expected, rel=1e-9)


@pytest.fixture(scope="module")
def server(
    model: tuple[Path, list[float]], python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """``mlflow models serve`` on the model; gives its address."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    command = ["-I", "-m", "mlflow", "models", "serve", "--env-manager", "local", "--host", "127.0.0.1"]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [str(python), *command, "--port", str(port), "--model-uri", str(model[0])],
            cwd=log.parent,
            env=_variables(python),
            stdout=stream,
            stderr=stream,
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    try:
        while not _ready(url):
            assert process.poll() is None, log.read_text()[-2_000:]
            assert time.monotonic() < deadline, log.read_text()[-2_000:]
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/ping", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.mark.parts
@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split", "csv"])
def test_mlflow_serves_the_model(server: str, model: tuple[Path, list[float]], form: str) -> None:
    """Real requests, in each form that the protocol has for tables, get Spark's answers."""
    records = _records()
    if form == "csv":
        lines = [",".join(records[0]), *(",".join(map(str, record.values())) for record in records)]
        answer = requests.post(
            f"{server}/invocations", data="\n".join(lines), headers={"Content-Type": "text/csv"}, timeout=30
        )
    else:
        table = {"columns": list(records[0]), "data": [list(record.values()) for record in records]}
        body = {form: records if form == "dataframe_records" else table}
        answer = requests.post(f"{server}/invocations", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"] == pytest.approx(model[1], rel=1e-9)


@pytest.mark.parts
def test_a_request_with_a_bad_row_is_the_callers_mistake(server: str) -> None:
    """Code 400, with the row and the reason; the good row beside it changes nothing."""
    bad = _records()[0] | {"kind": "castle"}
    answer = requests.post(
        f"{server}/invocations", json={"dataframe_records": [_records()[1], bad]}, timeout=30
    )
    assert answer.status_code == 400
    assert "1 of 2 rows have no answer: row 1: " in answer.json()["message"]
    assert "castle" in answer.json()["message"]
    missing = requests.post(f"{server}/invocations", json={"dataframe_records": [{"area": 1.0}]}, timeout=30)
    assert missing.status_code == 400
    assert "kind" in missing.json()["message"]
