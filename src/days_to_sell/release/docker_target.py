"""The Docker target: an image per model version, a container per environment."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
from days_to_sell.release.context import assemble_context
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.image_size import image_size
from days_to_sell.release.names import short, slug
from days_to_sell.release.sbom import Contents, write_sbom
from days_to_sell.release.service import answering, identify, service_environment, wait_until_ready
from days_to_sell.release.site import Site
from days_to_sell.release.target import Artifact, Deployment, bring_back_on_failure
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.training.spark.mleap_runtime import runtime_jars

LOG_LINES = 60
STEP_WIDTH = 100


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
        """Build the image ``<model>:<version>-<digest>``, with ``-jvm`` behind it for that engine.

        Unchanged layers come from Docker's cache.
        """
        image = f"{slug(package.model)}:{version}-{short(package.digest)}"
        if engine == "jvm":
            image += "-jvm"
        base_name = self._site.settings.base_image
        with engine_errors(f"read base image {base_name}"):
            base = self._engine.images.get(base_name)
        with tempfile.TemporaryDirectory(prefix="days-to-sell-image-") as drafts:
            context = Path(drafts)
            assemble_context(
                context,
                project=self._site.project,
                package=package,
                architecture=str(base.attrs["Architecture"]),
                cache=self._site.settings.cache_dir,
                report=self._site.report,
                jars=runtime_jars(self._site.settings) if engine == "jvm" else (),
            )
            digests = (str(base.id), *(base.attrs.get("RepoDigests") or ()))
            listed = write_sbom(context, package, Contents(image, version, engine, base_name, digests))
            self._site.report(f"building image {image} on {base_name}")
            with engine_errors(f"build image {image}"):
                arguments = self._build_arguments(package, version, engine)
                self._build(context, image, {**arguments, "SBOM_SHA256": listed})
        with engine_errors(f"weigh image {image}"):
            size = image_size(self._engine, image, base_name)
        self._site.report(f"image {image}, {size}")
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

    def _build_arguments(self, package: ModelPackage, version: str, engine: str) -> dict[str, str]:
        return {
            "ENGINE": engine,
            "BASE_IMAGE": self._site.settings.base_image,
            "MODEL": package.model,
            "MODEL_VERSION": version,
            "RUN_ID": package.provenance.get("run_id", ""),
            "PACKAGE_DIGEST": package.digest,
            "REVISION": package.provenance.get("code_commit", ""),
        }

    def _build(self, context: Path, image: str, arguments: dict[str, str]) -> None:
        # The context holds all that is installed: a build that reached for the network would be a mistake.
        steps: Iterator[dict[str, Any]] = self._engine.api.build(
            path=str(context), tag=image, buildargs=arguments, network_mode="none", rm=True, forcerm=True,
            decode=True,
        )  # fmt: skip
        lines: list[str] = []
        for step in steps:
            for line in str(step.get("stream", "")).splitlines():
                lines += [line.rstrip()] if line.strip() else []
                if line.startswith("Step "):
                    self._site.report(textwrap.shorten(line, STEP_WIDTH, placeholder=" …"))
            if "error" in step:
                raise TargetError(f"image {image} cannot be built: {step['error']}\n{_indented(lines)}")

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
