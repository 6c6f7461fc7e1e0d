"""Containers of one workspace: found by label, named after model, environment and place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound
from docker.models.containers import Container
from docker.types import LogConfig

from days_to_sell.errors import TargetError
from days_to_sell.release.docker.proxy.configuration import INNER_PORT
from days_to_sell.release.docker.proxy.routing import Colour, slot
from days_to_sell.release.names import deployment_name
from days_to_sell.release.target import Deployment

LABEL = "io.github.days-to-sell"
PROXY, REPLICA = "proxy", "replica"
# Where the proxy's configuration lies, in a volume that outlives its container.
CONFIGURATION = "/etc/days-to-sell"
# A little longer than gunicorn's own grace for requests under way.
GRACE_SECONDS = 35
NOBODY = "65534:65534"


class Containers:
    """The containers that were started from one workspace, with their networks and volumes.

    Args:
        engine: Client of the Docker engine.
        workspace: Directory that they belong to.
    """

    def __init__(self, engine: docker.DockerClient, workspace: Path) -> None:
        self._engine = engine
        self._folder = str(workspace.resolve())
        self._workspace = hashlib.sha256(self._folder.encode()).hexdigest()[:16]

    def find(self, model: str, environment: str) -> Container | None:
        """Find the container that publishes an environment's port, running or not.

        Raises:
            TargetError: A container of that name belongs to another workspace, or to no one.
        """
        name = deployment_name(model, environment)
        try:
            found = self._engine.containers.get(name)
        except NotFound:
            return None
        if found.labels.get(f"{LABEL}.workspace") == self._workspace:
            return found
        folder = found.labels.get(f"{LABEL}.folder")
        owner = f"was started from {folder}" if folder else "was not started by this toolkit"
        raise TargetError(
            f"container {name} {owner}; end it there with `make stop`, or with `docker rm -f {name}`"
        )

    def replicas(self, model: str, environment: str, colour: Colour | None = None) -> list[Container]:
        """List the replicas of an environment, or of one set of them, running or not, by their names."""
        wanted = {"model": model, "environment": environment, "role": REPLICA}
        if colour is not None:
            wanted["colour"] = colour
        return sorted(self._labelled(wanted, stopped=True), key=lambda container: str(container.name))

    def all(self, *, stopped: bool = False) -> list[Container]:
        """List this workspace's containers, the proxies first."""
        found = self._labelled({}, stopped=stopped)
        return sorted(found, key=lambda container: (role_of(container) != PROXY, str(container.name)))

    def create_replica(
        self, image: str, deployment: Deployment, colour: Colour, number: int, variables: Mapping[str, str]
    ) -> Container:
        """Create a replica in its environment's network, with a port of this machine's own for its proof."""
        name, network = slot(colour, number), self.network(deployment.model, deployment.environment)
        return self._engine.containers.create(
            image,
            name=f"{deployment_name(deployment.model, deployment.environment)}-{name}",
            labels={
                **self._labels(deployment.model, deployment.environment, deployment.url, REPLICA),
                f"{LABEL}.colour": colour,
                f"{LABEL}.slot": name,
                f"{LABEL}.model-version": deployment.version,
                f"{LABEL}.package-digest": deployment.digest,
            },
            environment={**variables, "PORT": str(INNER_PORT)},
            # Any port that is free; Docker's types know no such choice.
            ports={f"{INNER_PORT}/tcp": ("127.0.0.1", None)},  # type: ignore[dict-item]
            network=network,
            networking_config={network: self._engine.api.create_endpoint_config(aliases=[name])},
            tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=64m"},  # noqa: S108 - the container's own
            **_confined("1g", 256),
        )

    def is_of(self, replica: Container, image: str, variables: Mapping[str, str]) -> bool:
        """Whether a replica was made from an image, as it is now, with these variables."""
        due = {f"{name}={value}" for name, value in {**variables, "PORT": str(INNER_PORT)}.items()}
        made = replica.attrs
        return made["Image"] == self._engine.images.get(image).id and due <= set(made["Config"]["Env"])

    def create_proxy(self, image: str, model: str, environment: str, url: str, address: Any) -> Container:
        """Create the proxy of an environment, which publishes the environment's port.

        Args:
            image: HAProxy's image.
            model: Name of the registered model.
            environment: Where it belongs.
            url: The environment's address.
            address: Host and port that it is published on.
        """
        return self._engine.containers.create(
            image,
            entrypoint=["haproxy"],
            command=["-db", "-f", f"{CONFIGURATION}/haproxy.cfg"],
            name=deployment_name(model, environment),
            labels=self._labels(model, environment, url, PROXY),
            user=NOBODY,
            ports={f"{INNER_PORT}/tcp": address},
            network=self.network(model, environment),
            volumes={self._volume(model, environment): {"bind": CONFIGURATION, "mode": "rw"}},
            # Requests under way are answered when it is stopped.
            stop_signal="SIGUSR1",
            **_confined("256m", 64),
        )

    def network(self, model: str, environment: str) -> str:
        """Name the network of an environment, after making sure that it is there."""
        name = self._own_name(model, environment)
        try:
            self._engine.networks.get(name)
        except NotFound:
            self._engine.networks.create(name, driver="bridge", labels=self._mine(environment, model))
        return name

    def has_volume(self, model: str, environment: str) -> bool:
        """Whether the proxy of an environment left a configuration, even if its own container is gone."""
        try:
            self._engine.volumes.get(self._own_name(model, environment))
        except NotFound:
            return False
        return True

    def remove_rest(self, environment: str | None = None, model: str | None = None) -> None:
        """Remove networks and volumes, of one environment or model or of all, whose containers are gone."""
        wanted = {"label": [f"{key}={value}" for key, value in self._mine(environment, model).items()]}
        for network in self._engine.networks.list(filters=wanted):
            network.remove()
        for volume in self._engine.volumes.list(filters=wanted):
            volume.remove(force=True)

    def _volume(self, model: str, environment: str) -> str:
        name = self._own_name(model, environment)
        if not self.has_volume(model, environment):
            self._engine.volumes.create(name, labels=self._mine(environment, model))
        return name

    def _own_name(self, model: str, environment: str) -> str:
        # Containers of two workspaces cannot have one name; networks and volumes would be shared unseen.
        return f"{deployment_name(model, environment)}-{self._workspace}"

    def _mine(self, environment: str | None, model: str | None) -> dict[str, str]:
        told = {"workspace": self._workspace, "environment": environment, "model": model}
        return {f"{LABEL}.{key}": value for key, value in told.items() if value is not None}

    def _labels(self, model: str, environment: str, url: str, role: str) -> dict[str, str]:
        return {
            **self._mine(environment, model),
            f"{LABEL}.folder": self._folder,
            f"{LABEL}.url": url,
            f"{LABEL}.role": role,
        }

    def _labelled(self, wanted: Mapping[str, str], *, stopped: bool) -> list[Container]:
        labels = [f"{LABEL}.{key}={value}" for key, value in wanted.items()]
        mine: dict[str, str | list[str] | bool] = {"label": [f"{LABEL}.workspace={self._workspace}", *labels]}
        return list(self._engine.containers.list(all=stopped, filters=mine, ignore_removed=True))


def _confined(memory: str, processes: int) -> dict[str, Any]:
    # It reads its image, writes to memory and gains no rights. A container that swaps answers too late to be
    # of use; one that forks without end ends here.
    return {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": memory,
        "memswap_limit": memory,
        "pids_limit": processes,
        "restart_policy": {"Name": "unless-stopped"},
        "log_config": LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
    }


def role_of(container: Container) -> str:
    """What a container is; one of an earlier toolkit, which knew no proxy, has no role."""
    return str(container.labels.get(f"{LABEL}.role", ""))


def slot_of(container: Container) -> str:
    """Name of a replica in its network."""
    return str(container.labels[f"{LABEL}.slot"])


def deployment_of(container: Container) -> Deployment:
    """Read from a replica's labels what it serves."""
    labels = container.labels
    return Deployment(
        labels[f"{LABEL}.environment"],
        labels[f"{LABEL}.url"],
        labels[f"{LABEL}.model"],
        labels[f"{LABEL}.model-version"],
        labels[f"{LABEL}.package-digest"],
    )


def is_running(container: Container) -> bool:
    """Whether a container runs at this moment; one that the engine restarts after a crash does not."""
    try:
        container.reload()
    except NotFound:
        return False
    return bool(container.status == "running")


def address_in(container: Container, network: str) -> str:
    """IP address of a running container in a network."""
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])


def own_url(container: Container) -> str | None:
    """Address of a replica that passes by the proxy, on this machine alone; ``None`` unless it runs."""
    container.reload()
    published = container.ports.get(f"{INNER_PORT}/tcp")
    return f"http://127.0.0.1:{published[0]['HostPort']}" if published else None
