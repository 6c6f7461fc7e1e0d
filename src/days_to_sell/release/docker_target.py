"""The Docker target: an image per model version, two replicas of it behind a proxy per environment."""

from __future__ import annotations

from collections.abc import Iterable

import docker
from docker.models.containers import Container

from days_to_sell.errors import TargetError
from days_to_sell.release.containers import (
    GRACE_SECONDS,
    LABEL,
    REPLICA,
    Containers,
    address_in,
    ask_to_end,
    deployment_of,
    is_running,
    own_url,
    role_of,
    slot_of,
)
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images.build import build_image, kept_image
from days_to_sell.release.proxy.haproxy import Proxy
from days_to_sell.release.proxy.routing import COLOURS, REPLICAS, Colour, Routing, other
from days_to_sell.release.replay import replay, require
from days_to_sell.release.service import answering, identify, service_environment, wait_until_ready
from days_to_sell.release.site import Site
from days_to_sell.release.target import Artifact, Deployment, bring_back_on_failure
from days_to_sell.scoring.package import ModelPackage

LOG_LINES = 60


class DockerTarget:
    """Builds an image from the model package and runs it on the local Docker engine.

    Each environment has a network, a proxy that publishes its port, and up to two sets of replicas: the one
    that serves, and, between ``deploy`` and ``confirm``, the one that stepped aside and can take over again.

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
            self._containers.find(model, environment)
        self._site.addresses.reserve(model, environment, self.started())

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Build the image of the package, unless the engine has it."""
        found = kept_image(self._engine, package, version, engine) if kept else None
        if found is not None:
            self._site.report(f"image {found} was kept")
            return Artifact(package, version, found, engine)
        image, size = build_image(self._engine, self._site, package, version, engine)
        return Artifact(package, version, image, engine, size)

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Start replicas, prove each of them by itself, and send the requests to them, as candidate."""
        if artifact.image is None:
            raise TargetError("no image to deploy; prepare the package with this target first")
        model = artifact.package.model
        self.reserve(model, environment)
        url = self._site.addresses.url(environment)
        deployment = Deployment(environment, url, model, artifact.version, artifact.package.digest)
        with bring_back_on_failure(lambda: self.restore(deployment)):
            routing = self._settle(model, environment)
            colour = routing.free
            for replica in self._start(artifact, deployment, colour):
                self._prove(replica, artifact, environment)
            self._serve(model, environment, Routing(colour, routing.proven))
            return identify(url, artifact, environment)

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate's replicas the proven ones, and remove those that stepped aside."""
        model, environment = candidate.model, candidate.environment
        proxy = self._proxy(model, environment)
        with engine_errors(f"confirm {candidate}"):
            serving = proxy.routing().serving
            replicas = self._containers.replicas(model, environment, serving) if serving else []
            if serving is None or {deployment_of(each) for each in replicas} != {candidate}:
                raise TargetError(f"no replicas of {candidate} to confirm; release it again")
            proxy.apply(Routing(serving, serving))
            self._remove(self._containers.replicas(model, environment, other(serving)))

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Send the requests to the replicas that stepped aside, and remove the candidate's."""
        model, environment = candidate.model, candidate.environment
        with engine_errors(f"bring back what served before {candidate}"):
            if self._proxy(model, environment).routing().proven is None:
                self._remove_all(model, environment)
                return None
            routing = self._settle(model, environment)
            if routing.proven is None:
                return None
            return deployment_of(self._containers.replicas(model, environment, routing.proven)[0])

    def current(self, environment: str) -> Deployment | None:
        """Ask the address of the environment."""
        return answering(self._site.addresses.url(environment))

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
            self._remove(wanted)
            self._containers.remove_rest(environment)
        return ended

    def _proxy(self, model: str, environment: str) -> Proxy:
        return Proxy(self._containers, self._site, model, environment)

    def _settle(self, model: str, environment: str) -> Routing:
        """Let what was proven serve, whatever an interrupted program left, and remove all other replicas."""
        proxy = self._proxy(model, environment)
        with engine_errors(f"look after {environment}"):
            written = proxy.routing()
            there = [each for each in COLOURS if self._containers.replicas(model, environment, each)]
            proven = written.proven if written.proven in there else None
            routing = Routing(proven or (written.serving if written.serving in there else None), proven)
            if routing.serving != written.serving and routing.serving is not None:
                self._site.report(f"{environment}: back to what served before")
                self._serve(model, environment, routing)
            elif routing.serving is not None:
                self._keep(model, environment, routing)
            kept = (routing.serving, routing.proven)
            found = self._containers.replicas(model, environment)
            self._remove(each for each in found if each.labels[f"{LABEL}.colour"] not in kept)
        return routing

    def _start(self, artifact: Artifact, deployment: Deployment, colour: Colour) -> list[Container]:
        variables = service_environment(self._site.settings, artifact, deployment.environment)
        with engine_errors(f"start {deployment}"):
            replicas = [
                self._containers.create_replica(str(artifact.image), deployment, colour, number, variables)
                for number in range(1, REPLICAS + 1)
            ]
            for replica in replicas:
                replica.start()
        return replicas

    def _prove(self, replica: Container, artifact: Artifact, environment: str) -> None:
        url = self._wait(replica)
        identify(url, artifact, environment)
        require(replay(url, artifact.package.golden), f"replica {replica.name}")

    def _serve(self, model: str, environment: str, routing: Routing) -> None:
        """Send requests to the serving set, once each of its replicas is ready, and to no other."""
        colour = routing.serving
        if colour is None:
            return
        proxy, network = self._proxy(model, environment), self._containers.network(model, environment)
        replicas = self._running(model, environment, colour)
        for replica in replicas:
            self._wait(replica)
        if proxy.is_running():
            proxy.admit(colour, {slot_of(each): address_in(each, network) for each in replicas})
            proxy.apply(routing)
            proxy.wait_until_idle(other(colour))
        else:
            self._end_former(model, environment)
            self._ready(proxy.start(routing), self._site.addresses.url(environment))

    def _keep(self, model: str, environment: str, routing: Routing) -> None:
        """Make sure that what serves is started, and that the proxy does what was decided."""
        for colour in {routing.serving, routing.proven} - {None}:
            self._running(model, environment, colour)
        proxy = self._proxy(model, environment)
        if proxy.is_running():
            proxy.apply(routing)
        else:
            proxy.start(routing)

    def _running(self, model: str, environment: str, colour: Colour | None) -> list[Container]:
        replicas = self._containers.replicas(model, environment, colour)
        for replica in replicas:
            if not is_running(replica):
                self._site.report(f"starting {replica.name} again")
                replica.start()
        return replicas

    def _end_former(self, model: str, environment: str) -> None:
        former = self._containers.find(model, environment)
        if former is not None and not role_of(former):
            self._site.report(f"{former.name} was started by an earlier toolkit: ending it first")
            self._remove([former])

    def _wait(self, replica: Container) -> str:
        """Wait until a replica is ready; return its own address."""
        with engine_errors(f"look after container {replica.name}"):
            url = own_url(replica)
            if url is None:
                raise TargetError(f"replica {replica.name} ended at once; {_log_of(replica)}")
            self._ready(replica, url)
        return url

    def _ready(self, container: Container, url: str) -> None:
        try:
            wait_until_ready(url, seconds=self._site.ready_seconds, running=lambda: is_running(container))
        except TargetError as error:
            raise TargetError(f"{error}; {_log_of(container)}") from error

    def _remove_all(self, model: str, environment: str) -> None:
        proxy = self._proxy(model, environment).container
        self._remove([*([proxy] if proxy else []), *self._containers.replicas(model, environment)])
        self._containers.remove_rest(environment, model)

    def _remove(self, containers: Iterable[Container]) -> None:
        """End containers: the proxies first, then the replicas together, for each takes a second or more."""
        found = list(containers)
        replicas = [each for each in found if role_of(each) == REPLICA]
        for proxy in (each for each in found if each not in replicas):
            _end(proxy)
        for replica in replicas:
            ask_to_end(replica)
        for replica in replicas:
            _end(replica)


def _served(containers: Iterable[Container]) -> tuple[Deployment, ...]:
    # A container of an earlier toolkit has no role, and is all that its deployment has.
    found = (deployment_of(each) for each in containers if role_of(each) in (REPLICA, ""))
    return tuple(dict.fromkeys(found))


def _end(container: Container) -> None:
    if is_running(container):
        container.stop(timeout=GRACE_SECONDS)
    container.remove(force=True, v=True)


def _log_of(container: Container) -> str:
    lines = container.logs(tail=LOG_LINES).decode("utf-8", errors="replace").splitlines()
    return "its log ends with:\n" + ("\n".join(f"  {line}" for line in lines) or "  (nothing)")
