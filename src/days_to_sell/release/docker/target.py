"""The Docker target: an image per model version, two replicas of it behind a proxy per environment."""

from __future__ import annotations

from collections.abc import Iterable

import docker
from docker.models.containers import Container

from days_to_sell.errors import TargetError
from days_to_sell.release.canary.seam import Sides
from days_to_sell.release.docker.containers import (
    LABEL,
    REPLICA,
    Containers,
    deployment_of,
    is_running,
    role_of,
)
from days_to_sell.release.docker.ending import end
from days_to_sell.release.docker.environment import Environment
from days_to_sell.release.docker.proxy.routing import ALL, Routing
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images.build import build_image, kept_image
from days_to_sell.release.images.taken import take_image
from days_to_sell.release.service import answering, identify
from days_to_sell.release.site import Site
from days_to_sell.release.target import Artifact, Deployment, bring_back_on_failure
from days_to_sell.scoring.package import ModelPackage


class DockerTarget:
    """Builds an image from the model package and runs it on the local Docker engine.

    Each environment has a network, a proxy that publishes its port, and up to two sets of replicas: the one
    that serves, and the one that stepped aside, which can take over again; after ``confirm`` it stands by in
    production, where a rollback may want it, and is removed elsewhere.

    Args:
        engine: Client of the engine.
        site: Project, workspace, addresses and settings.
        published: Address by digest of the image to run, which is then not built here; empty for none.
    """

    name = "docker"

    def __init__(self, engine: docker.DockerClient, site: Site, published: str = "") -> None:
        self._engine = engine
        self._published = published
        self._site = site
        self._containers = Containers(engine, site.workspace)

    def reserve(self, model: str, environment: str) -> None:
        """Make sure that port and container name are free, or held by this model from here.

        A candidate that is still tried out, by a program that was killed, loses its share.
        """
        with engine_errors(f"look after {environment}"):
            self._containers.find(model, environment)
            here = self._environment(model, environment)
            if here.incumbent() is not None:
                here.settle()
        self._site.addresses.reserve(model, environment, self.started())

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Build the image of the package, unless the engine has it; take a published one where named."""
        if self._published:
            taken = take_image(self._engine, self._published, package, version, engine, self._site.report)
            return Artifact(package, version, taken, engine)
        found = kept_image(self._engine, package, version, engine) if kept else None
        if found is not None:
            self._site.report(f"image {found} was kept")
            return Artifact(package, version, found, engine)
        image, size = build_image(self._engine, self._site, package, version, engine)
        return Artifact(package, version, image, engine, size)

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Start replicas, prove each of them by itself, and send the requests to them, as candidate."""
        return self._deploy(artifact, environment, ALL)

    def has_incumbent(self, model: str, environment: str) -> bool:
        """Whether replicas were confirmed there that are still there."""
        with engine_errors(f"look after {environment}"):
            return self._environment(model, environment).has_proven()

    def try_out(self, artifact: Artifact, environment: str, percent: int) -> Deployment:
        """Start and prove replicas likewise, and send them a share of the requests."""
        return self._deploy(artifact, environment, percent)

    def sides(self, candidate: Deployment) -> Sides:
        """Name the replicas of candidate and incumbent."""
        with engine_errors(f"look at both versions beside {candidate}"):
            return self._environment(candidate.model, candidate.environment).sides()

    def take_over(self, candidate: Deployment) -> None:
        """Send all requests to the candidate's replicas."""
        with engine_errors(f"send all requests to {candidate}"):
            here = self._environment(candidate.model, candidate.environment)
            routing = here.routing()
            here.serve(Routing(routing.serving, routing.proven))
        if answering(candidate.url) != candidate:
            raise TargetError(f"{candidate.url} should serve {candidate} alone, and does not; release again")

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate's replicas the proven ones; those that stepped aside stand by in production."""
        with engine_errors(f"confirm {candidate}"):
            self._environment(candidate.model, candidate.environment).confirm(candidate)

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Send the requests to the replicas that stepped aside, and remove the candidate's."""
        with engine_errors(f"bring back what served before {candidate}"):
            return self._environment(candidate.model, candidate.environment).restore()

    def current(self, environment: str) -> Deployment | None:
        """Ask the address of the environment; beside a candidate that is tried out, the incumbent serves."""
        found = answering(self._site.addresses.url(environment))
        if found is None:
            return None
        try:
            with engine_errors("look for a candidate"):
                return self._environment(found.model, environment).incumbent() or found
        except TargetError:
            # What answers is known all the same.
            return found

    def started(self) -> tuple[Deployment, ...]:
        """List what running containers of this workspace serve."""
        with engine_errors("list containers"):
            return _served(self._containers.all())

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """Remove this workspace's containers, those that stepped aside too, with networks and volumes."""
        with engine_errors("stop containers"):
            wanted = [
                container
                for container in self._containers.all(stopped=True)
                if environment in (None, container.labels[f"{LABEL}.environment"])
            ]
            ended = _served(container for container in wanted if is_running(container))
            end(wanted)
            self._containers.remove_rest(environment)
        return ended

    def _deploy(self, artifact: Artifact, environment: str, percent: int) -> Deployment:
        if artifact.image is None:
            raise TargetError("no image to deploy; prepare the package with this target first")
        model = artifact.package.model
        self.reserve(model, environment)
        url = self._site.addresses.url(environment)
        deployment = Deployment(environment, url, model, artifact.version, artifact.package.digest)
        here = self._environment(model, environment)
        with bring_back_on_failure(lambda: self.restore(deployment)), engine_errors(f"start {deployment}"):
            routing = here.settle()
            here.bring_up(artifact, deployment, routing.free)
            # Where nothing serves there is nothing to share with.
            share = percent if routing.proven else ALL
            here.serve(Routing(routing.free, routing.proven, share))
            return deployment if share < ALL else identify(url, artifact, environment)

    def _environment(self, model: str, environment: str) -> Environment:
        return Environment(self._containers, self._site, model, environment)


def _served(containers: Iterable[Container]) -> tuple[Deployment, ...]:
    # A container of an earlier toolkit has no role, and is all that its deployment has.
    found = (deployment_of(each) for each in containers if role_of(each) in (REPLICA, ""))
    return tuple(dict.fromkeys(found))
