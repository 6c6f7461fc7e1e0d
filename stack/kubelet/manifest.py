"""A rendered Deployment as values: what a kubelet reads of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from days_to_sell.errors import EnvironmentProblem, TargetError

RENDER_SECONDS = 60
Document = Mapping[str, Any]
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


@dataclass(frozen=True)
class Probe:
    """One probe over HTTP.

    Args:
        path: What is asked for.
        port: Port of the container.
        period: Seconds between two.
        timeout: Seconds that one may take.
        failures: How many in a row count as failed.
    """

    path: str
    port: int
    period: float
    timeout: float
    failures: int


@dataclass(frozen=True)
class PodSpec:
    """A pod of one container.

    Args:
        image: What it runs.
        environment: Its variables.
        port: Where it listens.
        user: User and group.
        groups: Further groups: the one that mounted secrets belong to.
        read_only: Whether its root is.
        dropped: Capabilities that it loses.
        confined: Whether it may gain no privileges.
        memory: Limit in bytes.
        processors: Limit in processors.
        folders: Folders in memory to their limit in bytes.
        secrets: Folders to the Secret that is mounted there.
        startup: When it has started.
        readiness: When it is sent requests.
        liveness: When it is killed.
        pre_stop: Seconds before it is asked to end.
        grace: Seconds until it is killed, from when it is to go.
    """

    image: str
    environment: Mapping[str, str]
    port: int
    user: str
    groups: Sequence[str]
    read_only: bool
    dropped: Sequence[str]
    confined: bool
    memory: int
    processors: float
    folders: Mapping[str, int]
    secrets: Mapping[str, str]
    startup: Probe
    readiness: Probe
    liveness: Probe
    pre_stop: float
    grace: float


@dataclass(frozen=True)
class DeploymentSpec:
    """A Deployment that replaces one pod after the other.

    Args:
        replicas: How many pods; the autoscaler's least where the Deployment leaves it to that.
        min_ready: Seconds that a pod has to be ready before another may go.
        pod: What they are.
    """

    replicas: int
    min_ready: float
    pod: PodSpec


def render(folder: Path) -> list[Document]:
    """Render a folder of manifests as ``kubectl apply -k`` would.

    Raises:
        EnvironmentProblem: There is no kubectl.
        TargetError: The folder cannot be rendered.
    """
    if not shutil.which("kubectl"):
        raise EnvironmentProblem("kubectl is not on PATH; manifests are rendered with it")
    said = subprocess.run(
        ["kubectl", "kustomize", str(folder)],
        capture_output=True,
        text=True,
        timeout=RENDER_SECONDS,
        check=False,
    )
    if said.returncode:
        raise TargetError(f"{folder} cannot be rendered: {said.stderr.strip()}")
    return [each for each in yaml.safe_load_all(said.stdout) if each]


def read_deployment(documents: Iterable[Document], name: str) -> DeploymentSpec:
    """Read a Deployment of one container, with the autoscaler that scales it.

    Raises:
        TargetError: There is none of that name, or it replaces pods in another way than one after the other.
    """
    documents = list(documents)
    spec = _find(documents, "Deployment", name)["spec"]
    rolling = spec["strategy"].get("rollingUpdate", {})
    if (rolling.get("maxSurge"), rolling.get("maxUnavailable")) != (1, 0):
        raise TargetError(
            f"Deployment {name} has strategy {spec['strategy']}; only one more, none less is played"
        )
    replicas = (
        spec.get("replicas") or _find(documents, "HorizontalPodAutoscaler", name)["spec"]["minReplicas"]
    )
    return DeploymentSpec(replicas, spec.get("minReadySeconds", 0), _pod(spec["template"]["spec"]))


def _find(documents: Iterable[Document], kind: str, name: str) -> Document:
    for each in documents:
        if (each["kind"], each["metadata"]["name"]) == (kind, name):
            return each
    raise TargetError(f"there is no {kind} {name} among the manifests")


def _pod(spec: Document) -> PodSpec:
    (container,) = spec["containers"]
    inside, around = container["securityContext"], spec["securityContext"]
    ports = {each["name"]: int(each["containerPort"]) for each in container["ports"]}
    volumes = {each["name"]: each for each in spec["volumes"]}
    mounts = {each["mountPath"]: volumes[each["name"]] for each in container["volumeMounts"]}
    limits = container["resources"]["limits"]
    return PodSpec(
        image=container["image"],
        environment={each["name"]: each["value"] for each in container["env"]},
        port=ports["http"],
        user=f"{around['runAsUser']}:{around['runAsGroup']}",
        groups=(str(around["fsGroup"]),),
        read_only=inside["readOnlyRootFilesystem"],
        dropped=tuple(inside["capabilities"]["drop"]),
        confined=not inside["allowPrivilegeEscalation"],
        memory=size(limits["memory"]),
        processors=processors(limits["cpu"]),
        folders={
            path: size(volume["emptyDir"]["sizeLimit"])
            for path, volume in mounts.items()
            if "emptyDir" in volume
        },
        secrets={
            path: volume["secret"]["secretName"] for path, volume in mounts.items() if "secret" in volume
        },
        startup=_probe(container["startupProbe"], ports),
        readiness=_probe(container["readinessProbe"], ports),
        liveness=_probe(container["livenessProbe"], ports),
        pre_stop=container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0),
        grace=spec["terminationGracePeriodSeconds"],
    )


def _probe(found: Document, ports: Mapping[str, int]) -> Probe:
    # What Kubernetes takes where nothing is said.
    return Probe(
        path=found["httpGet"]["path"],
        port=ports[found["httpGet"]["port"]],
        period=found.get("periodSeconds", 10),
        timeout=found.get("timeoutSeconds", 1),
        failures=found.get("failureThreshold", 3),
    )


def size(quantity: str) -> int:
    """Read bytes as Kubernetes writes them.

    >>> size("64Mi")
    67108864
    """
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def processors(quantity: str) -> float:
    """Read processors as Kubernetes writes them.

    >>> processors("500m"), processors("2")
    (0.5, 2.0)
    """
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)
