"""Containers of one workspace: found by label, named after model and environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import docker
from docker.errors import NotFound
from docker.models.containers import Container
from docker.types import LogConfig

from days_to_sell.errors import TargetError
from days_to_sell.release.names import deployment_name
from days_to_sell.release.target import Deployment

LABEL = "io.github.days-to-sell"
INNER_PORT = 8080
# A little longer than gunicorn's own grace for requests under way.
GRACE_SECONDS = 35


class Containers:
    """The containers that were started from one workspace.

    Args:
        engine: Client of the Docker engine.
        workspace: Directory that they belong to.
    """

    def __init__(self, engine: docker.DockerClient, workspace: Path) -> None:
        self._engine = engine
        self._folder = str(workspace.resolve())
        self._workspace = hashlib.sha256(self._folder.encode()).hexdigest()[:16]

    def find(self, model: str, environment: str, *, candidate: bool = False) -> Container | None:
        """Find a deployment's container, running or not.

        Raises:
            TargetError: A container of that name belongs to another workspace, or to no one.
        """
        name = container_name(model, environment, candidate=candidate)
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

    def all(self, *, stopped: bool = False) -> list[Container]:
        """List this workspace's containers, those that stepped aside too if wanted."""
        mine: dict[str, str | list[str] | bool] = {"label": f"{LABEL}.workspace={self._workspace}"}
        return list(self._engine.containers.list(all=stopped, filters=mine, ignore_removed=True))

    def create(
        self, image: str, deployment: Deployment, *, host: str, variables: Mapping[str, str]
    ) -> Container:
        """Create a candidate's container, confined and published on the deployment's port."""
        return self._engine.containers.create(
            image,
            name=container_name(deployment.model, deployment.environment, candidate=True),
            labels={
                f"{LABEL}.workspace": self._workspace,
                f"{LABEL}.folder": self._folder,
                f"{LABEL}.environment": deployment.environment,
                f"{LABEL}.url": deployment.url,
                f"{LABEL}.model": deployment.model,
                f"{LABEL}.model-version": deployment.version,
                f"{LABEL}.package-digest": deployment.digest,
            },
            environment={**variables, "PORT": str(INNER_PORT)},
            ports={f"{INNER_PORT}/tcp": (host, deployment.port)},
            # It reads its image, writes to memory and gains no rights.
            read_only=True,
            tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=64m"},  # noqa: S108 - the container's own
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            # A container that swaps answers too late to be of use; one that forks without end ends here.
            mem_limit="1g",
            memswap_limit="1g",
            pids_limit=256,
            # Docker's types know only two of its four policies.
            restart_policy={"Name": "unless-stopped"},  # type: ignore[arg-type]
            log_config=LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
        )


def container_name(model: str, environment: str, *, candidate: bool = False) -> str:
    """Name of a deployment's container."""
    return deployment_name(model, environment) + ("-candidate" if candidate else "")


def deployment_of(container: Container) -> Deployment:
    """Read from a container's labels what it serves."""
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
