"""One release at a time in a workspace."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from days_to_sell.errors import ReleaseError


@contextmanager
def only_one(workspace: Path) -> Iterator[None]:
    """Hold the workspace's lock; it goes with the process, however that ends.

    Raises:
        ReleaseError: Another release holds it.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    with (workspace / "release.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReleaseError(
                f"another release is under way in {workspace}; wait for it to end, then release again"
            ) from error
        yield
