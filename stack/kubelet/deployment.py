"""A Deployment and its Service: pods replaced one after the other, endpoints that nodes learn of late."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import docker

from stack.kubelet.manifest import DeploymentSpec, PodSpec
from stack.kubelet.pod import LABEL, Ending, Pod
from stack.kubelet.service import Service

READY_SECONDS = 120.0


class Deployment:
    """The pods of a Deployment behind a Service.

    Args:
        engine: Client of the Docker engine.
        spec: What the manifests say.
        service: What sends connections to ready pods.
        propagation: Seconds until the nodes know that a pod is ready, or is to go.
        secrets: Folders by name of the Secret whose files they hold.
    """

    def __init__(
        self,
        engine: docker.DockerClient,
        spec: DeploymentSpec,
        service: Service,
        propagation: float,
        secrets: Mapping[str, Path],
    ) -> None:
        self.pods: list[Pod] = []
        self.endings: list[Ending] = []
        self.start_seconds: list[float] = []
        self._engine, self._spec, self._service = engine, spec, service
        self._propagation, self._secrets = propagation, secrets
        self._run, self._timers = uuid.uuid4().hex, list[threading.Timer]()

    def start(self, image: str) -> None:
        """Start all pods, and wait until connections reach each of them."""
        self.pods = [self._make(image) for _ in range(self._spec.replicas)]
        for pod in self.pods:
            self._wait(pod)
        self._learn()

    def roll(self, image: str) -> None:
        """Replace one pod after the other; those that go end beside that, and are waited for last."""
        going: list[threading.Thread] = []
        for old in list(self.pods):
            new = self._make(image)
            self.pods.append(new)
            self._wait(new)
            threading.Event().wait(self._spec.min_ready)
            self.pods.remove(old)
            going.append(threading.Thread(target=self._end, args=(old,)))
            going[-1].start()
        for each in going:
            each.join()

    def change(self, pod: PodSpec) -> None:
        """Let pods that are made from now on be others."""
        self._spec = replace(self._spec, pod=pod)

    def remove(self) -> None:
        """Remove every container of this run."""
        for timer in tuple(self._timers):
            timer.cancel()
        for pod in self.pods:
            pod.remove()
        for left in self._engine.containers.list(all=True, filters={"label": f"{LABEL}={self._run}"}):
            left.remove(force=True, v=True)

    def _make(self, image: str) -> Pod:
        spec = replace(self._spec.pod, image=image)
        return Pod(self._engine, spec, self._run, self._secrets, self._changed)

    def _wait(self, pod: Pod) -> None:
        pod.wait(READY_SECONDS)
        self.start_seconds.append(pod.start_seconds)

    def _end(self, pod: Pod) -> None:
        # Both begin when the pod is to go: the nodes learn of it while preStop holds it up.
        self._later(pod, ready=False)
        self.endings.append(pod.end())

    def _changed(self, pod: Pod, ready: bool) -> None:
        self._later(pod, ready=ready)

    def _later(self, pod: Pod, *, ready: bool) -> None:
        told = self._service.add if ready else self._service.remove
        timer = threading.Timer(self._propagation, told, args=(pod.endpoint,))
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def _learn(self) -> None:
        for timer in tuple(self._timers):
            timer.join()


@contextmanager
def deployed(
    engine: docker.DockerClient,
    spec: DeploymentSpec,
    image: str,
    propagation: float,
    secrets: Mapping[str, Path],
) -> Iterator[tuple[Deployment, Service]]:
    """Run a Deployment behind a Service while the block runs, and leave no container."""
    with Service().listening() as service:
        deployment = Deployment(engine, spec, service, propagation, secrets)
        try:
            deployment.start(image)
            yield deployment, service
        finally:
            deployment.remove()
