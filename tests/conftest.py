"""What all rings share: one Spark session a process, and parts that must be there where they are required."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import mlflow
import pytest
from docker.errors import ImageNotFound
from hypothesis import settings
from pyspark.sql import SparkSession

from days_to_sell.errors import EnvironmentProblem, TargetError
from days_to_sell.release.engine import connect
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.settings import Settings
from days_to_sell.training.spark.java import find_java
from days_to_sell.training.spark.mleap_runtime import find_runtime
from days_to_sell.training.spark.session import start_session
from tests import scheduling
from tests.sharing import alone

REQUIRE_PARTS = "DAYS_TO_SELL_REQUIRE_PARTS"
# Tests start many short JVMs; one that does not optimise for the long run ends them in half the time.
os.environ["JDK_JAVA_OPTIONS"] = (
    f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC {os.environ.get('JDK_JAVA_OPTIONS', '')}"
)
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
# The entry point of the command line does this; tests call commands without it.
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the tests go on that can go on for long."""
    parser.addoption("--kills", type=int, default=3, help="kills of the MLflow server in test_store_kills.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    scheduling.sort(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.Scheduling | None:
    """Let no process wait for another."""
    return scheduling.make_scheduler(config, log)


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """The session that the library itself starts; it lives as long as the test run.

    It interprets its plans: compiling one to Java costs more than running it on a few rows ever gains.
    Trainings in processes of their own compile theirs, as users' do.
    """
    session = start_session("tests", master="local[2]")
    session.conf.set("spark.sql.codegen.wholeStage", "false")
    session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    return session


@pytest.fixture(scope="module", autouse=True)
def own_mlflow() -> Iterator[None]:
    """What a file tells MLflow ends with it: an address or an experiment that is set hides the next one's."""
    yield
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    mlflow.tracking.fluent._active_experiment_id = None
    # An experiment that is set is told to child processes too, and MLflow itself asks there first.
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)


@pytest.fixture(scope="session")
def java_variables() -> dict[str, str]:
    """The environment of a program that starts Spark without the library, where PATH may hold no Java."""
    java = find_java()
    options = " ".join((os.environ["JDK_JAVA_OPTIONS"], *java.options))
    return {"JAVA_HOME": str(java.home), "JDK_JAVA_OPTIONS": options}


@pytest.fixture(scope="session")
def mleap() -> JvmRuntime:
    """What the JVM engine is started from: one value for all tests, since a process has one JVM at most."""
    try:
        return find_runtime(Settings(cache_dir=Settings.from_env().cache_dir))
    except EnvironmentProblem as error:
        pytest.skip(f"needs MLeap's runtime for the JVM: {error}")


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    """A Docker engine that has base image and proxy; names in it are one file's alone while that runs."""
    try:
        client = connect()
    except TargetError as error:
        pytest.skip(f"needs a Docker engine: {error}")
    settings = Settings.from_env()
    for what, image in (("BASE", settings.base_image), ("PROXY", settings.proxy_image)):
        try:
            client.images.get(image)
        except ImageNotFound:
            pytest.skip(f"needs image {image} in the Docker engine; DAYS_TO_SELL_{what}_IMAGE names another")
    with alone(Path(tempfile.gettempdir()) / "days-to-sell-tests-engine.lock"):
        yield client
    client.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip for want of a part into a failure where the parts were promised."""
    report = yield
    if report.skipped and os.environ.get(REQUIRE_PARTS) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE_PARTS} is set, but this was skipped: {report.longrepr}"
    return report
