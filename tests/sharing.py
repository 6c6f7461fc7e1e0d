"""What test processes that run side by side share: one at a time, or made once for all."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Let other processes that ask for the same lock wait until the block ends."""
    with lock.open("a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def once(folder: Path, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Make something in a folder, unless another process did; others wait meanwhile.

    Args:
        folder: Where it is made; its parent exists.
        make: Makes it there and tells, in JSON's types, what there is to know about it.
    """
    done = folder.with_suffix(".json")
    with alone(folder.with_suffix(".lock")):
        if not done.exists():
            folder.mkdir()
            done.write_text(json.dumps(make(folder)), encoding="utf-8")
        found: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        return found
