"""Ending containers: without losing a request under way, and without leaving anything behind."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from docker.errors import APIError
from docker.models.containers import Container

from days_to_sell.release.docker.containers import GRACE_SECONDS, REPLICA, is_running, role_of

LOG_LINES = 60


def end(containers: Iterable[Container]) -> None:
    """End containers: the proxies first, then the replicas together, for each takes a second or more."""
    found = list(containers)
    replicas = [each for each in found if role_of(each) == REPLICA]
    for proxy in (each for each in found if each not in replicas):
        _remove(proxy)
    for replica in replicas:
        _ask_to_end(replica)
    for replica in replicas:
        _remove(replica)


def log_of(container: Container) -> str:
    """Quote the end of a container's log."""
    lines = container.logs(tail=LOG_LINES).decode("utf-8", errors="replace").splitlines()
    return "its log ends with:\n" + ("\n".join(f"  {line}" for line in lines) or "  (nothing)")


def _ask_to_end(container: Container) -> None:
    """Tell a container to end, as stopping it would, without waiting; one that has ended is left as it is."""
    # A signal other than the container's own would have the engine start it again.
    with suppress(APIError):
        container.kill(signal=container.attrs["Config"].get("StopSignal") or "SIGTERM")


def _remove(container: Container) -> None:
    if is_running(container):
        container.stop(timeout=GRACE_SECONDS)
    container.remove(force=True, v=True)
