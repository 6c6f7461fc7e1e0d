"""One environment of a model on the engine: a proxy that publishes its port, and the replicas behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docker.models.containers import Container

from days_to_sell.errors import TargetError
from days_to_sell.release.canary.seam import Replica, Sides
from days_to_sell.release.docker.containers import (
    Containers,
    address_in,
    deployment_of,
    is_running,
    own_url,
    role_of,
    slot_of,
)
from days_to_sell.release.docker.ending import end, log_of
from days_to_sell.release.docker.proxy.haproxy import Proxy
from days_to_sell.release.docker.proxy.routing import COLOURS, REPLICAS, Colour, Routing, other
from days_to_sell.release.replay import replay, require
from days_to_sell.release.service import identify, service_environment, wait_until_ready
from days_to_sell.release.site import Site
from days_to_sell.release.target import PRODUCTION, Artifact, Deployment


class Environment:
    """A proxy and up to two sets of replicas: one that serves, one that stepped aside or is tried out.

    In production the set that stepped aside stands by after that, running, so that a rollback need not wait
    for a container. Its memory was needed beside the other's during the switch anyway.

    What was decided stands in the proxy's configuration, what a replica serves in its labels; so any program
    can go on where another ended.

    Args:
        containers: Containers of the workspace.
        site: Settings and addresses.
        model: Name of the registered model.
        name: Which environment.
    """

    def __init__(self, containers: Containers, site: Site, model: str, name: str) -> None:
        self._containers, self._site = containers, site
        self._model, self._name = model, name
        self._proxy = Proxy(containers, site, model, name)
        self._stands_by = name == PRODUCTION

    def routing(self) -> Routing:
        """Read what was decided last."""
        return self._proxy.routing()

    def has_proven(self) -> bool:
        """Whether there are replicas that were confirmed."""
        proven = self.routing().proven
        return proven is not None and bool(self._replicas(proven))

    def incumbent(self) -> Deployment | None:
        """Tell what serves beside a candidate that is tried out; ``None`` where none is."""
        routing = self.routing() if self._proxy.is_running() else Routing()
        replicas = self._replicas(routing.proven) if routing.is_canary else []
        return deployment_of(replicas[0]) if replicas else None

    def sides(self) -> Sides:
        """Name the replicas of candidate and incumbent.

        Raises:
            TargetError: No candidate is tried out.
        """
        routing, lost = self.routing(), self._proxy.lost()
        if not routing.is_canary:
            raise TargetError(f"{self._name}: no canary of {self._model} is under way; release it again")
        candidate, incumbent = (
            tuple(
                Replica(str(each.name), own_url(each), deployment_of(each).digest, lost[slot_of(each)])
                for each in self._replicas(colour)
            )
            for colour in (routing.serving, routing.proven)
        )
        return Sides(candidate, incumbent)

    def settle(self) -> Routing:
        """Let what was proven serve, whatever an interrupted program left."""
        written = self.routing()
        there = [each for each in COLOURS if self._replicas(each)]
        proven = written.proven if written.proven in there else None
        routing = Routing(proven or (written.serving if written.serving in there else None), proven)
        if routing.serving != written.serving and routing.serving is not None:
            self._site.report(f"{self._name}: back to what served before")
            self.serve(routing)
        elif routing.serving is not None:
            self._keep(routing, written)
        return routing

    def bring_up(self, artifact: Artifact, deployment: Deployment, colour: Colour) -> None:
        """Start a set of replicas, or take one that stands by, and prove each of them by itself.

        Nobody else asks them yet.

        Raises:
            TargetError: One did not get ready; the message holds its log.
            ProofError: One answers golden data otherwise than it has to.
        """
        variables = service_environment(self._site.settings, artifact, self._name)
        found = self._replicas(colour)
        if self._are_due(found, artifact, deployment, variables):
            self._site.report(f"{self._name}: replicas of version {deployment.version} stand by")
            replicas = found
        else:
            end(found)
            replicas = [
                self._containers.create_replica(str(artifact.image), deployment, colour, number, variables)
                for number in range(1, REPLICAS + 1)
            ]
            for replica in replicas:
                replica.start()
        for replica in replicas:
            url = self._wait(replica)
            identify(url, artifact, self._name)
            require(replay(url, artifact.package.golden), f"replica {replica.name}")

    def serve(self, routing: Routing) -> None:
        """Send its share of the requests to the set that is to serve, once each of its replicas is ready."""
        colour = routing.serving
        if colour is None:
            return
        network = self._containers.network(self._model, self._name)
        replicas = self._running(colour)
        for replica in replicas:
            self._wait(replica)
        if self._proxy.is_running():
            self._proxy.admit(colour, {slot_of(each): address_in(each, network) for each in replicas})
            self._proxy.apply(routing)
            if not routing.is_canary:
                self._proxy.wait_until_idle(other(colour))
        else:
            self._end_former()
            self._ready(self._proxy.start(routing), self._site.addresses.url(self._name))

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate's replicas the proven ones; those that stepped aside stand by, or are removed.

        Raises:
            TargetError: Something else serves.
        """
        serving = self.routing().serving
        if serving is None or {deployment_of(each) for each in self._replicas(serving)} != {candidate}:
            raise TargetError(f"no replicas of {candidate} to confirm; release it again")
        self._proxy.apply(Routing(serving, serving))
        if not self._stands_by:
            end(self._replicas(other(serving)))

    def restore(self) -> Deployment | None:
        """Let what was proven serve and remove the rest; where nothing was, remove all that there is."""
        if self.routing().proven is None:
            proxy = self._proxy.container
            end([*([proxy] if proxy else []), *self._replicas()])
            self._containers.remove_rest(self._name, self._model)
            return None
        routing = self.settle()
        for colour in set(COLOURS) - {routing.serving, routing.proven}:
            end(self._replicas(colour))
        proven = routing.proven
        return deployment_of(self._replicas(proven)[0]) if proven else None

    def _are_due(
        self,
        found: Sequence[Container],
        artifact: Artifact,
        deployment: Deployment,
        variables: Mapping[str, str],
    ) -> bool:
        """Whether replicas run that are just as they would be started now."""
        image = str(artifact.image)
        return len(found) == REPLICAS and all(
            is_running(each)
            and deployment_of(each) == deployment
            and self._containers.is_of(each, image, variables)
            for each in found
        )

    def _keep(self, routing: Routing, written: Routing) -> None:
        """Make sure that what serves is started, and that the proxy does what was decided."""
        for colour in {routing.serving, routing.proven} - {None}:
            self._running(colour)
        if not self._proxy.is_running():
            self._proxy.start(routing)
        elif routing != written or not self._proxy.does(routing):
            self._proxy.apply(routing)

    def _replicas(self, colour: Colour | None = None) -> list[Container]:
        return self._containers.replicas(self._model, self._name, colour)

    def _running(self, colour: Colour | None) -> list[Container]:
        replicas = self._replicas(colour)
        for replica in replicas:
            if not is_running(replica):
                self._site.report(f"starting {replica.name} again")
                replica.start()
        return replicas

    def _end_former(self) -> None:
        former = self._containers.find(self._model, self._name)
        if former is not None and not role_of(former):
            self._site.report(f"{former.name} was started by an earlier toolkit: ending it first")
            end([former])

    def _wait(self, replica: Container) -> str:
        """Wait until a replica is ready; return its own address."""
        url = own_url(replica)
        if url is None:
            raise TargetError(f"replica {replica.name} ended at once; {log_of(replica)}")
        self._ready(replica, url)
        return url

    def _ready(self, container: Container, url: str) -> None:
        try:
            wait_until_ready(url, seconds=self._site.ready_seconds, running=lambda: is_running(container))
        except TargetError as error:
            raise TargetError(f"{error}; {log_of(container)}") from error
