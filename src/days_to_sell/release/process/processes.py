"""Processes of this machine, told apart by more than their number."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from days_to_sell.errors import TargetError

PROC = Path("/proc")
POLL_SECONDS = 0.05


def identity(pid: int) -> str | None:
    """What tells a process from a later one with the same number; ``None`` where none runs.

    It is the start time: in clock ticks of this boot on Linux, to the second elsewhere.
    """
    return _linux_identity(pid) if (PROC / "self" / "stat").exists() else _ps_identity(pid)


def command_of(pid: int) -> str:
    """Command line of a process, blanks between its words; empty where none runs."""
    try:
        return (
            (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        )
    except OSError:
        found = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return found.stdout.strip()


def stop_process(
    pid: int, known_identity: str, *, grace_seconds: float, by: signal.Signals = signal.SIGTERM
) -> bool:
    """End a process and its group: by a signal that it may heed, then SIGKILL when the grace is over.

    Args:
        pid: A process that leads its own group.
        known_identity: Its identity when it was started.
        grace_seconds: How long it may take to finish its requests.
        by: The first signal.

    Returns:
        Whether it ran; a process that took over its number is left alone.

    Raises:
        TargetError: It is still there after SIGKILL.
    """
    if identity(pid) != known_identity:
        return False
    for number, seconds in ((by, grace_seconds), (signal.SIGKILL, 5.0)):
        try:
            # gunicorn's own process passes on to its workers what it heeds; only SIGKILL has to reach all.
            (os.killpg if number == signal.SIGKILL else os.kill)(pid, number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while identity(pid) == known_identity:
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        else:
            return True
    raise TargetError(f"process {pid} does not end; look at it with `ps -fp {pid}`")


def _linux_identity(pid: int) -> str | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    # The command's name stands in parentheses and may itself hold spaces and parentheses.
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else f"{boot}:{rest[18]}"


def _ps_identity(pid: int) -> str | None:
    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = found.stdout.strip().partition(" ")
    return None if found.returncode or state.startswith("Z") else started.strip()
