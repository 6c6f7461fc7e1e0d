"""A program that is started, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

END_SECONDS = 60.0


@dataclass
class Program:
    """A program in a session of its own, so that it can be killed with all that belongs to it.

    Args:
        name: What people call it.
        command: What to run.
        folder: Where it runs, and where its log lies.
        variables: Its environment.
    """

    name: str
    command: Sequence[str]
    folder: Path
    variables: Mapping[str, str]
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What it says, over all its lives."""
        return self.folder / f"{self.name}.log"

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> bool:
        """Start it, unless it runs; tell whether it did not."""
        with self.lock:
            if self.runs:
                return False
            self.kill()
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    list(self.command),
                    cwd=self.folder,
                    env=dict(self.variables),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            return True

    def kill(self) -> bool:
        """Kill it with ``kill -9``, and tell whether it ran."""
        with self.lock:
            return self._stop(signal.SIGKILL)

    def end(self) -> None:
        """Ask it to end; kill it where it does not."""
        with self.lock:
            self._stop(signal.SIGTERM)

    def _stop(self, how: signal.Signals) -> bool:
        process = self._process
        if process is None:
            return False
        ran = process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._process = None
        return ran
