"""The Docker target on a real engine: images, containers, and what comes back when a release fails."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
import requests
from docker.models.containers import Container

from days_to_sell.errors import ProofError, TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.choose import choose_target
from days_to_sell.release.docker_target import DockerTarget
from days_to_sell.release.project import project_root
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.site import Site
from days_to_sell.settings import Settings
from tests.packages import CAR, days_by_formula, make_package, rewrite, rewrite_bundle
from tests.ports import free_port
from tests.unit.release.fakes import ShelfRegistry

pytestmark = pytest.mark.parts
LABEL = "io.github.days-to-sell"
UNWANTED = ("pyspark", "mlflow", "pandas", "jpype", "py4j")
LOOK_FOR = f"""
import importlib.util, json, os, pathlib, shutil
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/1/status").read_text().splitlines())
def refuses(path):
    try:
        pathlib.Path(path, "probe").touch()
    except OSError as error:
        return error.strerror
UNWANTED = {UNWANTED!r}
print(json.dumps({{
    "found": [name for name in UNWANTED if importlib.util.find_spec(name)],
    "java": shutil.which("java"),
    "uid": os.getuid(),
    "capabilities": [int(status["Cap" + name], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")],
    "no new privileges": status["NoNewPrivs"].strip(),
    "writes": {{path: refuses(path) for path in ("/", "/srv/package", "/opt/service", "/var/tmp", "/tmp")}},
}}))
"""


@pytest.fixture(scope="module")
def model(engine: docker.DockerClient) -> Iterator[str]:
    """A model name of its own; its images stay for the engine's cache until all tests are done."""
    name = f"tiny-{uuid.uuid4().hex[:8]}"
    yield name
    for image in engine.images.list(name=name):
        engine.images.remove(image.id, force=True)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A workspace of its own, with two free ports."""
    addresses = Addresses(ports={"production": free_port(), "preprod": free_port()})
    return Site(Settings.from_env(), project_root(), tmp_path / "work", addresses, print)


@pytest.fixture
def target(engine: docker.DockerClient, site: Site, model: str) -> Iterator[DockerTarget]:
    """A target whose containers end with the test."""
    target = DockerTarget(engine, site)
    yield target
    target.stop()


def answer(url: str) -> float:
    """Ask a service about the one car."""
    reply = requests.post(f"{url}/invocations", json={"dataframe_records": [CAR]}, timeout=10)
    return float(reply.json()["predictions"][0])


def look_around(container: Container) -> dict[str, object]:
    """See from inside a container who runs there and what can be imported."""
    code, output = container.exec_run(["python", "-c", LOOK_FOR])
    assert code == 0, output
    return dict(json.loads(output))


def test_a_release_serves_from_a_confined_container_and_a_corrupted_version_leaves_it_running(
    engine: docker.DockerClient, target: DockerTarget, site: Site, model: str, tmp_path: Path
) -> None:
    """Build, prove, serve; then nothing to do; then a refusal that leaves the old container untouched."""
    registry = ShelfRegistry()
    package = make_package(tmp_path / "1", model=model)
    registry.add(model, "1", package)

    released = reconcile(registry, model, target, workspace=site.workspace, report=print)
    assert answer(released.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)
    assert released.image == f"{model}:1-{package.digest.removeprefix('sha256:')[:12]}"

    labels = engine.images.get(released.image).labels
    assert labels["org.opencontainers.image.version"] == "1"
    assert labels["org.opencontainers.image.revision"] == package.provenance["code_commit"]
    assert labels[f"{LABEL}.model"] == model
    assert labels[f"{LABEL}.run-id"] == package.provenance["run_id"]
    assert labels[f"{LABEL}.package-digest"] == package.digest

    container = engine.containers.get(f"{model}-production")
    host = container.attrs["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] == 2**30
    assert host["PortBindings"]["8080/tcp"][0]["HostIp"] == "127.0.0.1"
    assert host["MemorySwap"] == 2**30
    assert host["PidsLimit"] == 256
    closed = dict.fromkeys(("/", "/srv/package", "/opt/service", "/var/tmp"), "Read-only file system")
    assert look_around(container) == {
        "found": [],
        "java": None,
        "uid": 10001,
        "capabilities": [0] * 5,
        "no new privileges": "1",
        "writes": closed | {"/tmp": None},
    }

    again = reconcile(registry, model, target, workspace=site.workspace, report=print)
    assert not again.changed
    assert again.image == released.image

    second = make_package(tmp_path / "2", model=model, intercept=20.0)
    rewrite_bundle(second.root, lambda text: text.replace("30.0", "30.000001"))
    registry.add(model, "2", second)
    with pytest.raises(ProofError):
        reconcile(registry, model, target, workspace=site.workspace, report=print)
    assert engine.containers.get(f"{model}-production").id == container.id
    assert answer(released.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)


def test_a_candidate_that_is_never_ready_tells_its_log_and_the_old_container_comes_back(
    engine: docker.DockerClient, site: Site, model: str, tmp_path: Path
) -> None:
    """A service that fails its own golden data is never ready; what stepped aside serves again."""
    target = DockerTarget(engine, replace(site, ready_seconds=8))
    try:
        first = target.deploy(target.prepare(make_package(tmp_path / "1", model=model), "1"), "production")
        target.confirm(first)
        before = engine.containers.get(f"{model}-production").id

        wrong = make_package(tmp_path / "2", model=model).root
        package = rewrite(wrong, "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1))
        with pytest.raises(TargetError, match=r"(?s)not ready within 8 seconds \(HTTP 503.*log ends with:"):
            target.deploy(target.prepare(package, "2"), "production")

        assert engine.containers.get(f"{model}-production").id == before
        assert target.current("production") == first
        assert [found.version for found in target.started()] == ["1"]
    finally:
        target.stop()


def test_a_restored_container_is_the_one_that_stepped_aside(
    engine: docker.DockerClient, target: DockerTarget, model: str, tmp_path: Path
) -> None:
    """What was proven is kept until its successor is, and is then removed."""
    first = target.deploy(target.prepare(make_package(tmp_path / "1", model=model), "1"), "production")
    target.confirm(first)
    before = engine.containers.get(f"{model}-production").id
    successor = target.prepare(make_package(tmp_path / "2", model=model, intercept=20.0), "2")

    candidate = target.deploy(successor, "production")
    assert answer(candidate.url) == pytest.approx(days_by_formula(CAR, intercept=20.0), rel=1e-12)
    assert target.restore(candidate) == first
    assert engine.containers.get(f"{model}-production").id == before
    assert answer(first.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)

    target.confirm(target.deploy(successor, "production"))
    current = target.current("production")
    assert current is not None
    assert current.version == "2"
    assert [container.name for container in engine.containers.list(all=True, filters={"name": model})] == [
        f"{model}-production"
    ]


def test_another_version_adds_its_model_alone(
    engine: docker.DockerClient, site: Site, model: str, tmp_path: Path
) -> None:
    """Base, dependencies and code are the same layers; list of contents and model package are new."""
    lines: list[str] = []
    target = DockerTarget(engine, replace(site, report=lines.append))
    made = [
        target.prepare(make_package(tmp_path / version, model=model, intercept=float(version)), version)
        for version in ("1", "2")
    ]

    one, two = (engine.images.get(each.image).attrs["RootFS"]["Layers"] for each in made)
    assert one[:-2] == two[:-2]
    assert not set(one[-2:]) & set(two)
    assert len(one) == len(two)
    assert lines[-1] == f"image {made[1].image}, {made[1].size}"


def test_a_build_has_no_network(engine: docker.DockerClient, site: Site, model: str, tmp_path: Path) -> None:
    """A step that reached for the network would find none but that of its own container."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("src", "serving", "requirements"):
        shutil.copytree(site.project / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Dockerfile", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(site.project / name, project / name)
    with (project / "Dockerfile").open("a", encoding="utf-8") as dockerfile:
        dockerfile.write('RUN [ "$(ls /sys/class/net)" = lo ] || { ls /sys/class/net; exit 1; }\n')

    DockerTarget(engine, replace(site, project=project)).prepare(
        make_package(tmp_path / "1", model=model), "1"
    )


def test_a_container_of_that_name_from_elsewhere_is_left_alone(
    engine: docker.DockerClient, target: DockerTarget, model: str, tmp_path: Path
) -> None:
    """The message says whose it is not, and how to end it."""
    base = Settings.from_env().base_image
    stranger = engine.containers.create(base, ["sleep", "600"], name=f"{model}-production")
    try:
        with pytest.raises(
            TargetError, match=f"was not started by this toolkit.*docker rm -f {model}-production"
        ):
            target.reserve(model, "production")
        assert target.stop() == ()
        stranger.reload()
    finally:
        stranger.remove(force=True)


def test_docker_is_chosen_where_the_engine_has_the_base_image(
    engine: docker.DockerClient, site: Site
) -> None:
    """And where it cannot have it, a process is, with the engine's own reason."""
    target, reason = choose_target("auto", site)
    assert target.name == "docker"
    assert site.settings.base_image in reason
    missing = replace(site, settings=replace(site.settings, base_image="localhost:1/no-such-image:1"))
    target, reason = choose_target("auto", missing)
    assert target.name == "process"
    assert "cannot pull base image localhost:1/no-such-image:1" in reason
