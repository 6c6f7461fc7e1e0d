"""What a run of the platform left behind on this machine, and the end of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import docker

from days_to_sell.errors import TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.engine import connect
from days_to_sell.release.images.labels import MODEL
from days_to_sell.release.project import project_root
from days_to_sell.release.site import Site
from days_to_sell.settings import Settings

GRACE_SECONDS, LOOK_SECONDS = 20.0, 0.2
PLACES = ("cwd", "environ", "cmdline")


def processes_of(folder: Path) -> tuple[int, ...]:
    """Find every process that stands in a folder, or whose command or environment names it.

    Args:
        folder: Of one run alone; a name that nothing else could have.
    """
    mine = {os.getpid(), os.getppid()}
    return tuple(pid for pid in _pids() if pid not in mine and _names(pid, str(folder)))


def end_processes(folder: Path) -> list[str]:
    """End what still runs, politely at first, and name it."""
    found = {pid: _command(pid) for pid in processes_of(folder)}
    for how in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes_of(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        deadline = time.monotonic() + GRACE_SECONDS
        while processes_of(folder) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
    return [f"{pid} {command}" for pid, command in found.items()]


def remove_images(before: Collection[str]) -> list[str]:
    """Remove the scoring images that were made since, and name them; none where no engine answers.

    Args:
        before: Ids of those that were there already.
    """
    removed = []
    for image, name in images().items():
        if image not in before:
            removed.append(name)
            with suppress(docker.errors.ImageNotFound):
                connect().images.remove(image, force=True)
    return removed


def undeploy(place: Path, images_before: Collection[str]) -> list[str]:
    """Remove what was deployed from a workspace and the images that it needed, and name it.

    Args:
        place: The workspace.
        images_before: Ids of the scoring images that were there already.
    """
    site = Site(Settings(), project_root(), place, Addresses(), lambda _: None)
    try:
        containers = [f"container of {each}" for each in DockerTarget(connect(), site).stop()]
    except TargetError:
        return []
    return containers + [f"image {name}" for name in remove_images(images_before)]


def images() -> dict[str, str]:
    """Give the scoring images of this machine's engine, id to name; none where no engine answers."""
    try:
        found = connect().images.list(filters={"label": MODEL})
    except TargetError:
        return {}
    return {str(each.id): next(iter(each.tags), str(each.id)) for each in found}


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _names(pid: int, folder: str) -> bool:
    wanted = folder.encode()
    for place in PLACES:
        path = Path(f"/proc/{pid}/{place}")
        with suppress(OSError):
            found = bytes(path.readlink()) if place == "cwd" else path.read_bytes()
            if wanted in found:
                return True
    return False


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:120]
    return ""
