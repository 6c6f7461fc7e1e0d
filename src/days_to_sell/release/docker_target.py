"""The Docker target: an image per model version, a container per environment."""

from __future__ import annotations

import docker
from docker.models.containers import Container

from days_to_sell.errors import TargetError
from days_to_sell.release.containers import (
    GRACE_SECONDS,
    Containers,
    container_name,
    deployment_of,
    is_running,
)
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images.build import build_image
from days_to_sell.release.service import answering, identify, service_environment, wait_until_ready
from days_to_sell.release.site import Site
from days_to_sell.release.target import Artifact, Deployment, bring_back_on_failure
from days_to_sell.scoring.package import ModelPackage

LOG_LINES = 60


class DockerTarget:
    """Builds an image from the model package and runs it on the local Docker engine.

    Args:
        engine: Client of the engine.
        site: Project, workspace, addresses and settings.
    """

    name = "docker"

    def __init__(self, engine: docker.DockerClient, site: Site) -> None:
        self._engine = engine
        self._site = site
        self._containers = Containers(engine, site.workspace)

    def reserve(self, model: str, environment: str) -> None:
        """Make sure that port and container name are free, or held by this model from here."""
        with engine_errors("look for containers"):
            for candidate in (False, True):
                self._containers.find(model, environment, candidate=candidate)
        self._site.addresses.reserve(model, environment, self.started())

    def prepare(self, package: ModelPackage, version: str, engine: str = "python") -> Artifact:
        """Build the image of the package, unless the engine has it."""
        image, size = build_image(self._engine, self._site, package, version, engine)
        return Artifact(package, version, image, engine, size)

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Start a container as candidate; the proven one steps aside, and comes back if it fails."""
        if artifact.image is None:
            raise TargetError("no image to deploy; prepare the package with this target first")
        model = artifact.package.model
        self.reserve(model, environment)
        deployment = Deployment(
            environment,
            self._site.addresses.url(environment),
            model,
            artifact.version,
            artifact.package.digest,
        )
        with bring_back_on_failure(lambda: self.restore(deployment)):
            container = self._start(artifact.image, deployment, artifact)
            self._wait(container, deployment.url)
            return identify(deployment.url, artifact, environment)

    def confirm(self, candidate: Deployment) -> None:
        """Remove the container that stepped aside, and give its name to the candidate's."""
        model, environment = candidate.model, candidate.environment
        with engine_errors(f"confirm {candidate}"):
            container = self._containers.find(model, environment, candidate=True)
            if container is None:
                raise TargetError(f"no container of {candidate} to confirm; release it again")
            self._remove(self._containers.find(model, environment))
            container.rename(container_name(model, environment))

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Remove the candidate's container and start the one that stepped aside."""
        with engine_errors(f"bring back what served before {candidate}"):
            self._remove(self._containers.find(candidate.model, candidate.environment, candidate=True))
            proven = self._containers.find(candidate.model, candidate.environment)
            if proven is None:
                return None
            if not is_running(proven):
                self._site.report(f"starting {deployment_of(proven)} again")
                proven.start()
        self._wait(proven, deployment_of(proven).url)
        return deployment_of(proven)

    def current(self, environment: str) -> Deployment | None:
        """Ask the address of the environment."""
        return answering(self._site.addresses.url(environment))

    def started(self) -> tuple[Deployment, ...]:
        """List the running containers that carry this workspace's label."""
        with engine_errors("list containers"):
            return tuple(deployment_of(container) for container in self._containers.all())

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """Remove this workspace's containers, those that stepped aside too."""
        ended = []
        with engine_errors("stop containers"):
            running = {container.id for container in self._containers.all()}
            for container in self._containers.all(stopped=True):
                deployment = deployment_of(container)
                if environment in (None, deployment.environment):
                    self._remove(container)
                    if container.id in running:
                        ended.append(deployment)
        return tuple(ended)

    def _start(self, image: str, deployment: Deployment, artifact: Artifact) -> Container:
        model, environment = deployment.model, deployment.environment
        with engine_errors(f"start {deployment}"):
            self._remove(self._containers.find(model, environment, candidate=True))
            proven = self._containers.find(model, environment)
            if proven is not None:
                proven.stop(timeout=GRACE_SECONDS)
            variables = service_environment(self._site.settings, artifact, environment)
            container = self._containers.create(
                image, deployment, host=self._site.addresses.host, variables=variables
            )
            container.start()
        return container

    def _wait(self, container: Container, url: str) -> None:
        with engine_errors(f"look after container {container.name}"):
            try:
                wait_until_ready(url, seconds=self._site.ready_seconds, running=lambda: is_running(container))
            except TargetError as error:
                log = container.logs(tail=LOG_LINES).decode("utf-8", errors="replace").splitlines()
                raise TargetError(f"{error}; its log ends with:\n{_indented(log)}") from error

    def _remove(self, container: Container | None) -> None:
        if container is None:
            return
        if is_running(container):
            container.stop(timeout=GRACE_SECONDS)
        container.remove(force=True, v=True)


def _indented(lines: list[str]) -> str:
    return "\n".join(f"  {line}" for line in lines[-LOG_LINES:]) or "  (nothing)"
