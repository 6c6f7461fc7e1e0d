"""The service as it runs, for tests: gunicorn with the project's own settings, over a package on disk."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "gunicorn", "--config", "serving/gunicorn.conf.py"]
SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """A gunicorn that a test started.

    Args:
        process: Its master process.
        port: Where it listens.
        log: What it wrote.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """Send one request on a connection of its own."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", **headers})
            reply = connection.getresponse()
            return reply.status, reply.read()

    def connect(self) -> socket.socket:
        """Open a connection to write on by hand."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def workers(self) -> list[int]:
        """Process ids of the workers that were started so far."""
        return [int(pid) for pid in re.findall(r"Booting worker with pid: (\d+)", self.log.read_text())]

    def told(self) -> list[dict[str, Any]]:
        """The access log."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"time": ')]


def environment(package: Path, home: Path, **variables: str) -> dict[str, str]:
    """The whole environment of a service: nothing of this machine's own reaches it."""
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT / "src"),
        "DAYS_TO_SELL_PACKAGE": str(package),
        "WEB_CONCURRENCY": "1",
        **variables,
    }


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Poll until something holds."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {SECONDS:g} seconds: {what}")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[Service]:
    """Run the service over the package in ``folder`` and end it afterwards, come what may."""
    port, log = int(variables.pop("PORT", None) or free_port()), folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env=environment(folder / "package", folder, PORT=str(port), **variables),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    service = Service(process, port, log)

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return service.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    try:
        wait_until(ready, "/readyz answers 200")
        yield service
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=SECONDS)
