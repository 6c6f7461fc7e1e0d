"""Foreign programs as steps: their output passed on line by line, a limit in time, nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from days_to_sell.errors import ReproductionError

Progress = Callable[[str], None]
LAST_WORDS = 15


def run_step(
    name: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    report: Progress,
) -> None:
    """Run a program to its end.

    Args:
        name: What it does, for messages.
        arguments: The program and its arguments.
        folder: Where it runs.
        environment: All variables it gets.
        seconds: How long it may take; then it is ended with all that it started.
        report: Takes each line that it writes.

    Raises:
        ReproductionError: It could not be started, failed, or took too long; the message ends with its own.
    """
    try:
        process = subprocess.Popen(
            list(arguments),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise ReproductionError(f"{name} could not be started: {error}") from error
    late = threading.Event()

    def end() -> None:
        late.set()
        _end_group(process)

    limit = threading.Timer(seconds, end)
    limit.start()
    last_words: deque[str] = deque(maxlen=LAST_WORDS)
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in process.stdout:
            last_words.append(line.rstrip())
            report(f"    {line.rstrip()}")
        process.wait()
    finally:
        limit.cancel()
        if process.poll() is None:
            _end_group(process)
            process.wait()
    if late.is_set():
        raise ReproductionError(f"{name} took more than {seconds:.0f} s and was ended; raise --timeout")
    if process.returncode:
        said = "\n".join(last_words)
        raise ReproductionError(f"{name} failed with code {process.returncode}; it said last:\n{said}")


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a program with its children: a Spark driver leaves its JVM behind otherwise."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
