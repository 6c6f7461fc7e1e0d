"""Training on a real Spark cluster, whose machines share nothing but S3, and every step by spark-submit."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import mlflow
import pyspark
import pytest
import yaml
from pyspark.sql import SparkSession

from days_to_sell.cli.submit_flags import flags
from days_to_sell.models import find_model
from days_to_sell.registry import mleap_flavor
from days_to_sell.scoring.golden import compare
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.settings import Settings
from stack.s3 import SECRET, S3Server
from stack.spark_cluster import SparkCluster
from tests.e2e.trainings import PROJECT, SECONDS, Trained, download, in_other_files, run_training
from tests.integration.conftest import s3, upload  # noqa: F401 - a fixture

pytestmark = [pytest.mark.parts, pytest.mark.timeout(1200)]
MODEL_URI = f"models:/{find_model('days_to_sell').spec.name}/1"
LAKE, SETS = "s3a://lake/cars", "s3a://lake/sets"
# Where MLflow lets Spark save unless it is told otherwise.
MLFLOW_SCRATCH = Path(tempfile.gettempdir()) / "mlflow"
# How Spark describes where a frame is written to.
WRITTEN = re.compile(r"InsertIntoHadoopFsRelationCommand\n(?:Input.*\n)?Arguments: (\w+:[^\s,]+)")
HELPS = """
import subprocess, sys
for program in sys.argv[1:]:
    subprocess.run([sys.executable, program, "--help"], check=True)
"""
ENTRY_POINTS = yaml.safe_load((PROJECT / "MLproject").read_text(encoding="utf-8"))["entry_points"]
STEPS = sorted(
    {
        found.group(1)
        for each in ENTRY_POINTS.values()
        if (found := re.search(r"-m mlflow_project\.(\w+)", each["command"]))
    }
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The disk of the driver's machine, which no worker sees."""
    return tmp_path_factory.mktemp("driver")


@pytest.fixture(scope="module")
def cluster(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    """A master and two workers on the loopback address, each with a disk of its own."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount, to give each worker of a cluster a disk of its own")
    MLFLOW_SCRATCH.mkdir(exist_ok=True)
    (home / "events").mkdir()
    events = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": (home / "events").as_uri()}
    hidden = (home, MLFLOW_SCRATCH)
    with SparkCluster(tmp_path_factory.mktemp("cluster"), hidden=hidden, defaults=events) as running:
        yield running
    assert running.registered() is None


@pytest.fixture(scope="module")
def variables(s3: S3Server, cluster: SparkCluster, example_lake: Path, home: Path) -> dict[str, str]:  # noqa: F811
    """The environment of a driver: the lake is on S3, in other files, and its rows in another order."""
    upload(s3, in_other_files(example_lake, home / "lake"), "cars")
    return {**s3.variables, **cluster.variables, "DAYS_TO_SELL_DRIVER_MEMORY": "2g"}


@pytest.fixture(scope="module")
def submit(
    home: Path, variables: Mapping[str, str], java_variables: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Spark-submit as the guide shows it, without the master, and its environment: our code is the wheel."""
    build = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(home / "dist"))
    subprocess.run([sys.executable, "-m", "pip", "wheel", *build, str(PROJECT)], cwd=home, check=True)
    program = str(Path(str(pyspark.__path__[0])) / "bin" / "spark-submit")
    without = {name: value for name, value in variables.items() if name != "PYTHONPATH"}
    environment = {**without, **java_variables, "PYSPARK_PYTHON": sys.executable}
    return [program, *flags(Settings.from_env(variables), home / "dist")], environment


@pytest.fixture(scope="module")
def far(submit: tuple[list[str], dict[str, str]], cluster: SparkCluster, home: Path) -> Trained:
    """A training on the cluster by spark-submit, of the lake that the local one read."""
    command, environment = submit
    program = str(PROJECT / "mlflow_project" / "train.py")
    step = (*command, "--master", cluster.master, program)
    return run_training(home / "far", LAKE, *step, training_data=SETS, environ=environment)


def package_of(training: Trained, folder: Path) -> ModelPackage:
    """Its model package, downloaded."""
    return open_package(download(training, f"{MODEL_URI}/{mleap_flavor.MODEL_DATA_SUBPATH}", folder))


def test_a_cluster_gives_the_golden_answers_of_one_machine(
    trained: Trained, far: Trained, tmp_path: Path
) -> None:
    """The same rows of the same data, answered alike to nine digits by either model.

    Whatever the cores, the files, the order of rows, the partitions of a shuffle, and the way to start.
    """
    here, there = (package_of(each, tmp_path / str(n)) for n, each in enumerate((trained, far)))
    assert [(row.row_id, row.input) for row in here.golden] == [
        (row.row_id, row.input) for row in there.golden
    ]
    proof = compare(here.golden, [row.days for row in there.golden])
    assert proof.rows > 60
    assert proof.passed, "\n".join(map(str, proof.differences[:5]))
    assert here.provenance["training_data"] == there.provenance["training_data"]
    assert here.contract == there.contract


def test_every_candidate_is_the_same_on_a_cluster(trained: Trained, far: Trained) -> None:
    """Not only the one that was chosen: trees, which depend on partitions and order, err the same."""
    candidates = [
        {each["estimator"]: (each["c_index"], each["mae_days"]) for each in run.summary["candidates"]}
        for run in (trained, far)
    ]
    assert candidates[0].keys() == candidates[1].keys() >= {"GBTRegressor"}
    for estimator, metrics in candidates[0].items():
        assert candidates[1][estimator] == pytest.approx(metrics, rel=1e-9), estimator


def test_a_pipeline_that_executors_wrote_is_whole(far: Trained, spark: SparkSession, tmp_path: Path) -> None:
    """Each executor wrote its part of the spark flavour; what was logged has all of them."""
    model = mlflow.spark.load_model(str(download(far, MODEL_URI, tmp_path)))
    assert len(model.stages) > 2


@pytest.fixture(scope="module")
def events(far: Trained, home: Path) -> list[dict[str, Any]]:
    """What Spark recorded of that training."""
    logs = (log.read_text(encoding="utf-8") for log in (home / "events").iterdir())
    (recorded,) = (log for log in logs if '"App Name":"train-' in log)
    return [json.loads(line) for line in recorded.splitlines()]


def test_executors_of_both_workers_took_part(events: list[dict[str, Any]]) -> None:
    """Tasks ran in two processes, neither of which is the driver."""
    ended = [event for event in events if event["Event"] == "SparkListenerTaskEnd"]
    assert {event["Task Info"]["Executor ID"] for event in ended} == {"0", "1"}


def test_executors_write_to_shared_places_alone(events: list[dict[str, Any]]) -> None:
    """Rows, and the pipeline on its way to MLflow, go to S3; nothing to a disk that others do not see."""
    plans = [event.get("physicalPlanDescription", "") for event in events]
    written = [place for plan in plans for place in WRITTEN.findall(plan)]
    assert any("/_scratch/" in place for place in written)
    assert any(place.endswith("/rows") for place in written)
    assert {place.split(":")[0] for place in written} == {"s3a"}, written


def test_credentials_reach_executors_and_no_record(far: Trained, home: Path, cluster: SparkCluster) -> None:
    """They read S3, and what Spark keeps of itself holds no secret: events, and logs of all."""
    records = [*(home / "events").iterdir(), *cluster.folder.rglob("std*"), *cluster.folder.glob("*.log")]
    assert len(records) > 4
    assert not [str(each) for each in records if SECRET.encode() in each.read_bytes()]
    assert SECRET not in far.output


def run_step(
    command: list[str], variables: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a step from a folder that has nothing to do with the repository."""
    return subprocess.run(
        command, cwd=folder, env=dict(variables), capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_a_path_that_workers_do_not_share_is_refused(
    cluster: SparkCluster, variables: Mapping[str, str], home: Path
) -> None:
    """Rows would stay on the workers, and Spark would call that a success."""
    command = [sys.executable, "-m", "days_to_sell.cli", "data", "build", "--master", cluster.master]
    ended = run_step([*command, "--lake", LAKE, "--training-data", str(home / "sets")], variables, home)
    assert ended.returncode == 1, ended.stdout
    assert re.search(
        rf"error: {home}/sets is a path on this machine, and of 4 files that the executors of "
        rf"{cluster.master} wrote there 0 are seen here.*; name a place that all machines share",
        ended.stderr,
    ), ended.stderr[-2_000:]


def test_every_step_starts_from_the_wheel(submit: tuple[list[str], dict[str, str]], home: Path) -> None:
    """All that each step imports is in the wheel, and files beside the code are there to be read."""
    command, environment = submit
    (home / "helps.py").write_text(HELPS, encoding="utf-8")
    steps = [str(PROJECT / "mlflow_project" / f"{step}.py") for step in STEPS]
    program = ["--master", "local[1]", str(home / "helps.py"), *steps]
    ended = run_step([*command, *program], environment, home)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    for step in STEPS:
        assert f"Usage: {step}.py" in ended.stdout
