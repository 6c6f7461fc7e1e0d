"""Processes that a task left behind: `mlflow run` and Spark start some in sessions of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Every process that a task started has it, however far down; on another machine there are none.
MARK = "DAYS_TO_SELL_DAGS_TASK"
ROUNDS = 20


def end_leftovers(mark: str) -> int:
    """Kill every process on this machine that an earlier try of a task started, and say how many.

    Args:
        mark: What names the task and its run.
    """
    ended = 0
    # While some are killed, others may be started by them.
    for _ in range(ROUNDS):
        found = list(_marked(mark))
        if not found:
            break
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                ended += 1
    return ended


def _marked(mark: str) -> Iterator[int]:
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)
