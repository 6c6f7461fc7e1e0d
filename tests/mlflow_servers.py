"""Real MLflow servers on the gated store, and a real PostgreSQL, which tests start and end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from stack.ports import free_port
from stack.postgres import Postgres, absent, postgres

SECONDS = 300


@dataclass
class GatedServer:
    """An MLflow server whose registry is the gated store.

    Args:
        home: Folder of its log and of whatever its options name there.
        database: Plain address of the database.
        options: What follows the addresses on its command line.
        variables: Variables of its environment.
        workers: Processes that answer.
        scheme: What the address of the registry begins with; without it, MLflow's own store, without gates.
    """

    home: Path
    database: str
    options: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    scheme: str = "dts+"
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.home / "server.log"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
                    *("--port", str(self.port), "--workers", str(self.workers)),
                    *(
                        "--backend-store-uri",
                        self.database,
                        "--registry-store-uri",
                        f"{self.scheme}{self.database}",
                    ),
                    *self.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Its jobs evaluate language models; they would be five more processes.
                env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **self.variables},
            )
        self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
            try:
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        pytest.fail(f"the MLflow server does not answer; {self.log.read_text(encoding='utf-8')[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it with all its processes."""
        if self._process is None:
            return
        os.killpg(self._process.pid, how)
        self._process.wait(timeout=SECONDS)
        self._process = None

    def kill_workers(self) -> int:
        """Kill at once every process that answers, and say how many; the server starts others."""
        assert self._process is not None
        found = [pid for pid in _descendants(self._process.pid) if b"spawn_main" in _command(pid)]
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return len(found)


def _descendants(pid: int) -> Iterator[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in map(int, children.read_text().split() if children.exists() else ()):
        yield child
        yield from _descendants(child)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL for a while, and give the address of an empty database."""
    with running_postgres() as server:
        yield server.address


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL for a while; a test is skipped where it is not installed."""
    missing = absent()
    if missing:
        pytest.skip(f"needs {missing}")
    with postgres() as server:
        yield server
