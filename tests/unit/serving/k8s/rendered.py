"""Manifests as `kubectl kustomize` renders them: both overlays, and one with every component."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from stack.kubelet.manifest import render

K8S = Path(__file__).parents[4] / "serving" / "k8s"
EVERYTHING = "everything"
NAMES = ("preprod", "prod", EVERYTHING)
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
Document = Mapping[str, Any]

needs_kubectl = pytest.mark.skipif(
    not shutil.which("kubectl"), reason="needs kubectl, which renders manifests"
)


@cache
def rendered(name: str) -> tuple[Document, ...]:
    """Render an overlay, or production's with all components."""
    if name != EVERYTHING:
        return tuple(render(K8S / "overlays" / name))
    with TemporaryDirectory() as folder:
        overlay = K8S / "overlays" / "prod"
        # kustomize takes relative paths alone, and those only after links are followed.
        place = Path(folder).resolve()
        written = [f"namespace: everything\nresources: [{os.path.relpath(overlay, place)}]\ncomponents:"]
        written += [
            f"  - {os.path.relpath(K8S / 'components' / each, place)}"
            for each in ("mlflow-server", "release-daemon")
        ]
        (place / "kustomization.yaml").write_text("\n".join(written) + "\n", encoding="utf-8")
        return tuple(render(place))


def of_kind(documents: tuple[Document, ...], kind: str) -> list[Document]:
    """Pick the objects of one kind."""
    return [each for each in documents if each["kind"] == kind]


def pods(documents: tuple[Document, ...]) -> Iterator[tuple[str, Document]]:
    """Name every workload, with the template of its pods."""
    for each in documents:
        if each["kind"] in WORKLOADS:
            yield each["metadata"]["name"], each["spec"]["template"]


def containers(documents: tuple[Document, ...]) -> Iterator[tuple[str, Document, Document]]:
    """Name every container, with itself and the pod around it."""
    for name, template in pods(documents):
        spec = template["spec"]
        for each in (*spec.get("initContainers", ()), *spec["containers"]):
            yield f"{name}/{each['name']}", each, spec


def selected(documents: tuple[Document, ...], selector: Mapping[str, str]) -> list[str]:
    """Name the workloads whose pods a selector of labels means."""
    return [name for name, pod in pods(documents) if selector.items() <= pod["metadata"]["labels"].items()]
