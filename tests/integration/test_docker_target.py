"""The Docker target on a real engine: images, containers, and what comes back when a release fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
import requests
from docker.models.containers import Container

from bench.steady import steady
from bench.swaps import questions
from days_to_sell.errors import ProofError, TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.choose import choose_target
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.project import project_root
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.site import Site
from days_to_sell.release.target import Artifact
from days_to_sell.settings import Settings
from stack.ports import free_port
from tests.confinement import look_around
from tests.packages import CAR, days_by_formula, make_package, rewrite, rewrite_bundle
from tests.service import wait_until
from tests.unit.release.fakes import ShelfRegistry

pytestmark = pytest.mark.parts
LABEL = "io.github.days-to-sell"


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


def names(engine: docker.DockerClient, model: str) -> dict[str, str]:
    """Names of the model's containers, running or not, behind the model's own, and their ids."""
    found = engine.containers.list(all=True, filters={"name": model})
    return {str(each.name).removeprefix(f"{model}-"): str(each.id) for each in found}


def test_a_release_serves_from_a_confined_container_and_a_corrupted_version_leaves_it_running(
    engine: docker.DockerClient, target: DockerTarget, site: Site, model: str, tmp_path: Path
) -> None:
    """Build, prove, serve; then nothing to do; then a refusal that leaves the old containers untouched."""
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

    before = names(engine, model)
    assert set(before) == {
        *("production", "production-blue1", "production-blue2"),
        *("preprod", "preprod-blue1", "preprod-blue2"),
    }
    container = engine.containers.get(before["production-blue1"])
    for each, memory, processes in (
        (container, 2**30, 256),
        (engine.containers.get(before["production"]), 2**28, 64),
    ):
        host = each.attrs["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (memory, memory, processes)
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert [port["HostIp"] for port in host["PortBindings"]["8080/tcp"]] == ["127.0.0.1"]
        assert list(host["PortBindings"]) == ["8080/tcp"]
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
    assert names(engine, model) == before
    assert answer(released.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)


def test_a_candidate_that_is_never_ready_tells_its_log_and_the_old_container_comes_back(
    engine: docker.DockerClient, site: Site, model: str, tmp_path: Path
) -> None:
    """A service that fails its own golden data is never ready; what stepped aside serves again."""
    target = DockerTarget(engine, replace(site, ready_seconds=8))
    try:
        first = target.deploy(target.prepare(make_package(tmp_path / "1", model=model), "1"), "production")
        target.confirm(first)
        before = names(engine, model)

        wrong = make_package(tmp_path / "2", model=model).root
        package = rewrite(wrong, "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1))
        with pytest.raises(TargetError, match=r"(?s)not ready within 8 seconds \(HTTP 503.*log ends with:"):
            target.deploy(target.prepare(package, "2"), "production")

        assert names(engine, model) == before
        assert target.current("production") == first
        assert [found.version for found in target.started()] == ["1"]
    finally:
        target.stop()


def test_restored_replicas_are_those_that_stepped_aside(
    engine: docker.DockerClient, target: DockerTarget, model: str, tmp_path: Path
) -> None:
    """What was proven is kept until its successor is, and then stands by."""
    first = target.deploy(target.prepare(make_package(tmp_path / "1", model=model), "1"), "production")
    target.confirm(first)
    before = names(engine, model)
    successor = target.prepare(make_package(tmp_path / "2", model=model, intercept=20.0), "2")

    candidate = target.deploy(successor, "production")
    assert answer(candidate.url) == pytest.approx(days_by_formula(CAR, intercept=20.0), rel=1e-12)
    assert target.restore(candidate) == first
    assert names(engine, model) == before
    assert answer(first.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)

    target.confirm(target.deploy(successor, "production"))
    current = target.current("production")
    assert current is not None
    assert current.version == "2"
    serving = {"production", "production-green1", "production-green2"}
    assert set(names(engine, model)) == serving | {"production-blue1", "production-blue2"}
    assert engine.containers.get(f"{model}-production").id == before["production"]
    target.stop()
    assert not names(engine, model)
    assert not [each.name for each in engine.networks.list() if each.name.startswith(model)]
    assert not [each.name for each in engine.volumes.list() if each.name.startswith(model)]


def test_replicas_that_stand_by_answer_again_without_being_started(
    engine: docker.DockerClient, target: DockerTarget, model: str, tmp_path: Path
) -> None:
    """Going back is a proof and a switch; only where one of them is not as it would be started, both are."""
    first, second = (
        target.prepare(make_package(tmp_path / number, model=model, intercept=10.0 * int(number)), number)
        for number in ("1", "2")
    )
    target.confirm(target.deploy(first, "production"))
    target.confirm(target.deploy(second, "production"))
    before = names(engine, model)

    back = target.deploy(first, "production")
    target.confirm(back)
    assert target.current("production") == back
    assert answer(back.url) == pytest.approx(days_by_formula(CAR, intercept=10.0), rel=1e-12)
    assert names(engine, model) == before

    engine.containers.get(f"{model}-production-green2").stop()
    target.confirm(target.deploy(second, "production"))
    assert answer(back.url) == pytest.approx(days_by_formula(CAR, intercept=20.0), rel=1e-12)
    now = names(engine, model)
    assert {name for name in before if before[name] != now[name]} == {
        "production-green1",
        "production-green2",
    }


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("Proxy.admit", id="before-the-proxy-knows-of-it"),
        pytest.param("states", id="after-the-decision-was-written"),
        pytest.param("Proxy.wait_until_idle", id="after-the-switch"),
    ],
)
def test_a_switch_that_is_killed_half_way_loses_no_request_and_is_settled_by_the_next(
    engine: docker.DockerClient, target: DockerTarget, site: Site, model: str, tmp_path: Path, where: str
) -> None:
    """Killed with -9 at the worst moments: one version goes on answering, and a later release succeeds."""
    packages = [
        make_package(tmp_path / number, model=model, intercept=10.0 * int(number)) for number in ("1", "2")
    ]
    first, second = (target.prepare(package, str(number)) for number, package in enumerate(packages, 1))
    served = target.deploy(first, "production")
    target.confirm(served)
    owner, _, name = where.rpartition(".")
    dying = f"""
        setattr({owner or "haproxy"}, {name!r}, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        target.deploy(artifact, "production")
    """
    with steady(served.port, questions(packages), 50) as tally:
        kill_in(dying, site, second)
        assert target.current("production") is not None
        again = target.deploy(second, "production")
        target.confirm(again)
        assert target.current("production") == again
    assert not tally.failures
    assert set(tally.by_model) == {f"{model}/1", f"{model}/2"}
    assert len(names(engine, model)) == 5


def kill_in(dying: str, site: Site, artifact: Artifact) -> None:
    """Let a program with the target and an artifact run until it kills itself with -9."""
    setting_up = f"""
        import os, signal
        from pathlib import Path
        from days_to_sell.release.addresses import Addresses
        from days_to_sell.release.docker import ending
        from days_to_sell.release.docker.proxy import haproxy
        from days_to_sell.release.docker.proxy.haproxy import Proxy
        from days_to_sell.release.docker.target import DockerTarget
        from days_to_sell.release.engine import connect
        from days_to_sell.release.site import Site
        from days_to_sell.release.target import Artifact
        from days_to_sell.scoring.package import open_package
        from days_to_sell.settings import Settings
        addresses = Addresses(ports={dict(site.addresses.ports)!r})
        workspace = Path({str(site.workspace)!r})
        site = Site(Settings.from_env(), Path({str(site.project)!r}), workspace, addresses, print)
        package = open_package(Path({str(artifact.package.root)!r}))
        artifact = Artifact(package, {artifact.version!r}, {artifact.image!r})
        target = DockerTarget(connect(), site)
    """
    code = textwrap.dedent(setting_up) + textwrap.dedent(dying)
    killed = subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL


def test_a_confirmation_that_is_killed_half_way_is_completed_by_the_next(
    engine: docker.DockerClient, target: DockerTarget, site: Site, model: str, tmp_path: Path
) -> None:
    """Killed with -9 when one old replica is gone and the other is told to end: the same again ends both."""
    packages = [
        make_package(tmp_path / number, model=model, intercept=10.0 * int(number)) for number in ("1", "2")
    ]
    first, second = (target.prepare(package, str(number)) for number, package in enumerate(packages, 1))
    target.confirm(target.deploy(first, "preprod"))
    candidate = target.deploy(second, "preprod")
    serving = {name: each for name, each in names(engine, model).items() if "green" in name}
    dying = """
        removes = ending._remove
        def remove_and_die(container):
            removes(container)
            os.kill(os.getpid(), signal.SIGKILL)
        ending._remove = remove_and_die
        target.confirm(target.current("preprod"))
    """
    with steady(candidate.port, questions(packages), 50) as tally:
        kill_in(dying, site, second)
        assert len(names(engine, model)) == 4
        assert target.current("preprod") == candidate
        target.confirm(candidate)
        assert target.current("preprod") == candidate
        assert target.restore(candidate) == candidate
    assert not tally.failures
    assert set(tally.by_model) == {f"{model}/2"}
    left = names(engine, model)
    assert left == serving | {"preprod": left["preprod"]}


def test_a_proxy_or_replica_that_dies_comes_back_to_what_was_decided(
    engine: docker.DockerClient, target: DockerTarget, model: str, tmp_path: Path
) -> None:
    """The engine starts each again; the proxy reads its configuration, in which the second set serves."""
    for number in ("1", "2"):
        package = make_package(tmp_path / number, model=model, intercept=10.0 * int(number))
        served = target.deploy(target.prepare(package, number), "production")
        target.confirm(served)
    for name in ("production-green1", "production"):
        container = engine.containers.get(f"{model}-{name}")
        before = container.attrs["State"]["Pid"]
        try:
            os.kill(before, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pytest.skip("needs an engine whose processes can be killed from here")
        wait_until(lambda container=container, before=before: runs_anew(container, before), f"{name} is back")
        wait_until(lambda: target.current("production") == served, f"{served} answers")


def runs_anew(container: Container, before: int) -> bool:
    """Whether a container runs as another process than before."""
    container.reload()
    return container.attrs["State"]["Pid"] not in (0, before)


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
    assert "cannot pull image localhost:1/no-such-image:1" in reason
