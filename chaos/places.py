"""What serves at either target, as whoever kills it meets it: processes or containers."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import docker
from docker.errors import APIError, NotFound

from chaos.versions import Version
from days_to_sell.release.docker.containers import Containers
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.engine import connect, engine_errors
from days_to_sell.release.images import labels
from days_to_sell.release.process.processes import identity
from days_to_sell.release.process.state import StateFiles
from days_to_sell.release.process.target import ProcessTarget
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION

TargetName = Literal["process", "docker"]
PROC = Path("/proc")


class Place(Protocol):
    """Where versions are served."""

    def strike(self, luck: float) -> str | None:
        """Kill something that serves, and say what; ``None`` where nothing runs.

        Args:
            luck: From 0 to 1; chooses among what runs.
        """

    def images(self, model: str, versions: Sequence[Version]) -> Mapping[str, Sequence[str]]:
        """Give the ids of the images that were built of each version."""

    def strays(self) -> Sequence[str]:
        """Name what serves from here and is recorded nowhere."""

    def clear(self, versions: Sequence[Version]) -> None:
        """End and remove all that was started and built here."""


def place_of(target: TargetName, site: Site, model: str) -> Place:
    """Find the side of a target that can be killed.

    Raises:
        TargetError: No engine answers, or the model is served there from elsewhere.
    """
    return Containing(connect(), site, model) if target == "docker" else Processing(site)


class Processing:
    """The process target's gunicorns.

    Args:
        site: The place that they are started from.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._files = StateFiles(site.workspace / "process")

    def strike(self, luck: float) -> str | None:
        """Kill a gunicorn with its workers, or its master alone, which its workers have to notice."""
        running = [each for each in self._files.all() if identity(each.pid) == each.identity]
        ways = [(each, alone) for each in running for alone in (False, True)]
        if not ways:
            return None
        record, alone = ways[min(int(luck * len(ways)), len(ways) - 1)]
        with suppress(ProcessLookupError):
            (os.kill if alone else os.killpg)(record.pid, signal.SIGKILL)
        return f"gunicorn of {record.deployment}, {'the master alone' if alone else 'workers and all'}"

    def images(self, model: str, versions: Sequence[Version]) -> Mapping[str, Sequence[str]]:
        """Give none: packages are served as they are."""
        return {}

    def strays(self) -> Sequence[str]:
        """Name gunicorns of this workspace whose master no record names."""
        known = {each.pid for each in self._files.all()}
        return [f"gunicorn {master}" for master in sorted(self._masters() - known)]

    def clear(self, versions: Sequence[Version]) -> None:
        """End what the records name, then whatever else was started from here."""
        ProcessTarget(self._site).stop()
        for pid in self._masters():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _masters(self) -> set[int]:
        """Number the groups of processes that were told to find their successor in this workspace."""
        mine = os.fsencode(self._files.root.resolve()) + b"/"
        found = set()
        for entry in PROC.glob("[0-9]*"):
            # Most processes are others', and some end meanwhile.
            with suppress(OSError):
                if mine in (entry / "environ").read_bytes():
                    found.add(os.getpgid(int(entry.name)))
        return found


class Containing:
    """The Docker target's replicas and proxies.

    Args:
        engine: Client of the engine.
        site: The place that they are started from.
        model: What is served.

    Raises:
        TargetError: The model's containers are another place's already; nothing could serve here.
    """

    def __init__(self, engine: docker.DockerClient, site: Site, model: str) -> None:
        self._engine, self._site = engine, site
        self._containers = Containers(engine, site.workspace)
        for environment in (PREPROD, PRODUCTION):
            self._containers.find(model, environment)

    def strike(self, luck: float) -> str | None:
        """Kill a replica or a proxy as ``docker kill`` does, after which the engine leaves it dead."""
        with engine_errors("kill a container"):
            running = self._containers.all()
            if not running:
                return None
            chosen = running[min(int(luck * len(running)), len(running) - 1)]
            try:
                chosen.kill(signal="SIGKILL")
            except APIError:
                # It ended since it was listed.
                return None
        return f"container {chosen.name}"

    def images(self, model: str, versions: Sequence[Version]) -> Mapping[str, Sequence[str]]:
        """Ask the engine for every image of each key, those without a name too."""
        found: dict[str, Sequence[str]] = {}
        with engine_errors("list images"):
            for version in versions:
                said = {labels.PACKAGE_DIGEST: version.digest, labels.MODEL_VERSION: version.number}
                wanted = [f"{name}={value}" for name, value in said.items()]
                images = self._engine.images.list(all=True, filters={"label": wanted})
                found[f"{model}/{version.number}/{version.digest}"] = [str(image.id) for image in images]
        return found

    def strays(self) -> Sequence[str]:
        """Give none: each container names its workspace, by which the target finds it."""
        return ()

    def clear(self, versions: Sequence[Version]) -> None:
        """Remove containers, networks, volumes, and the images of these versions."""
        DockerTarget(self._engine, self._site).stop()
        with engine_errors("remove images"):
            for digest in {version.digest for version in versions}:
                said = f"{labels.PACKAGE_DIGEST}={digest}"
                for image in self._engine.images.list(filters={"label": said}):
                    with suppress(NotFound):
                        self._engine.images.remove(str(image.id), force=True)
