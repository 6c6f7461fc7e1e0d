"""All looks at once: each in a thread of its own, so that what does not answer costs its own time alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import mlflow

from days_to_sell.cli.doctor import machine, space
from days_to_sell.cli.doctor.artifacts import artifacts
from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.event_log import event_log
from days_to_sell.cli.doctor.finding import Finding, Status, look
from days_to_sell.cli.doctor.image_registry import image_registry
from days_to_sell.cli.doctor.s3 import s3
from days_to_sell.cli.doctor.server import Server, registry, tracking
from days_to_sell.settings import Settings

# The longest look waits for a few answers of some seconds each.
DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class Wishes:
    """What was asked for beyond what the environment configures.

    Args:
        write: Whether to write an artifact and begin a push, and take both back.
        locations: Locations on S3 to list.
        workspace: Folder of the release.
    """

    write: bool = False
    locations: Sequence[str] = ()
    workspace: Path = Path("build/release")


def examine(settings: Settings, wishes: Wishes, seconds: float = DEADLINE_SECONDS) -> tuple[Finding, ...]:
    """Look at every part; nothing is fetched or started for it, and nothing stays written.

    Args:
        settings: The environment's choices.
        wishes: What else was asked for.
        seconds: How long all of it may take.
    """
    clocks = Clocks()
    found = _side_by_side(_looks(settings, wishes, clocks), seconds)
    # Only when the others have asked is there anything to compare.
    return (*found, look("clocks", clocks.compare))


def _looks(settings: Settings, wishes: Wishes, clocks: Clocks) -> dict[str, Callable[[], Finding]]:
    # MLflow keeps its addresses for each thread.
    server = Server(mlflow.get_tracking_uri(), clocks)
    store = Server(mlflow.get_registry_uri(), clocks)
    here: Status = "missing"
    parts = {subject: (at, here) for subject, at in machine.looks(settings).items()}
    there: Status = "broken"
    connections: dict[str, Callable[[], str]] = {
        "tracking": partial(tracking, server),
        "registry": partial(registry, store),
        "event log": partial(event_log, settings, store, clocks),
        "artifacts": partial(artifacts, server, wishes.write),
        "s3": partial(s3, settings, wishes.locations, clocks),
        "images": partial(image_registry, settings, wishes.write, clocks),
        "disk": partial(space.disk, settings, wishes.workspace),
        "ports": partial(space.ports, settings),
    }
    every = {**parts, **{subject: (at, there) for subject, at in connections.items()}}
    return {subject: partial(look, subject, at, failing) for subject, (at, failing) in every.items()}


def _side_by_side(looks: Mapping[str, Callable[[], Finding]], seconds: float) -> list[Finding]:
    found: dict[str, Finding] = {}

    def run(subject: str, at: Callable[[], Finding]) -> None:
        found[subject] = at()

    # Not a pool: the interpreter would wait at its end for a look that hangs.
    threads = [threading.Thread(target=run, args=each, daemon=True) for each in looks.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [found.get(subject) or _hanging(subject, seconds) for subject in looks]


def _hanging(subject: str, seconds: float) -> Finding:
    said = f"nothing was found out within {seconds:.0f} s"
    return Finding(subject, "broken", said, "see whether it is overloaded, or a firewall is between")
