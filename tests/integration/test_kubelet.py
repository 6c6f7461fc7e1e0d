"""The real container, treated as a kubelet treats it, by the numbers of the manifests."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from bench.kubelet import OVERLAY, PROPAGATION, RATE, findings, images, update, write_secret
from days_to_sell.scoring.package import ModelPackage
from stack.kubelet.deployment import deployed
from stack.kubelet.manifest import DeploymentSpec, read_deployment, render

pytestmark = pytest.mark.parts
SECONDS = 60.0
Built = tuple[list[ModelPackage], list[str]]


@pytest.fixture(scope="module")
def spec() -> DeploymentSpec:
    """What production's overlay says."""
    if not shutil.which("kubectl"):
        pytest.skip("needs kubectl, which renders manifests")
    return read_deployment(render(OVERLAY), "scoring")


@pytest.fixture(scope="module")
def built(engine: docker.DockerClient) -> Iterator[Built]:
    """Images of two versions."""
    with tempfile.TemporaryDirectory() as folder, images(engine, Path(folder)) as found:
        yield found


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the pod's user may look into, as a mounted Secret is."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_no_request_is_lost_in_a_rolling_update(
    engine: docker.DockerClient, spec: DeploymentSpec, built: Built, place: Path
) -> None:
    """Every reply is the right one of the version that it names, and no container has to be killed."""
    found = findings(update(engine, spec, *built, place / "secret", 1, RATE))
    # Else the update would not show that preStop is long enough.
    assert spec.pod.pre_stop > PROPAGATION
    assert found.missed == []
    assert found.figures["requests"] > RATE
    assert len(found.figures["drain_seconds"]) == spec.replicas
    assert found.lines[-1] == f"kubelet: 1 rolling updates, {found.figures['requests']} requests, 0 failed"


def test_without_a_prestop_requests_are_lost(
    engine: docker.DockerClient, spec: DeploymentSpec, built: Built, place: Path
) -> None:
    """The load notices: nodes send connections to a pod that takes none any more."""
    hasty = replace(spec, pod=replace(spec.pod, pre_stop=0))
    assert update(engine, hasty, *built, place / "secret", 1, RATE).tally.failures


def test_a_container_that_answers_no_probe_is_killed_and_started_again(
    engine: docker.DockerClient, spec: DeploymentSpec, built: Built, place: Path
) -> None:
    """It gets no connections meanwhile, is killed when its grace period is over, and comes back."""
    # As in the manifests, but sooner.
    pod = replace(
        spec.pod,
        pre_stop=0,
        grace=1,
        liveness=replace(spec.pod.liveness, period=1, timeout=1),
        readiness=replace(spec.pod.readiness, period=0.5, timeout=0.5),
    )
    sick = replace(spec, replicas=1, pod=pod)
    with deployed(engine, sick, built[1][0], 0.0, write_secret(place / "secret")) as (deployment, service):
        (only,) = deployment.pods
        before = only.container.id
        only.container.pause()
        wait_until(lambda: service.endpoints == ())
        wait_until(lambda: only.restarts == 1 and only.ready.is_set() and len(service.endpoints) == 1)
        assert only.container.id != before


def wait_until(holds: Callable[[], bool]) -> None:
    """Look until it is so."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
