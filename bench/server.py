"""A server on this machine, started and ended with all of its processes, and the memory that they hold."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import EnvironmentProblem

PROC = Path("/proc")
ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS, STOP_SECONDS, POLL_SECONDS = 180.0, 20.0, 0.1
LOG_CHARACTERS = 2_000


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Args:
        process: What was started.
        port: Where it listens.
        log: What it says.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where rows are scored."""
        return f"http://{HOST}:{self.port}/invocations"

    def ask(self, body: bytes) -> bytes:
        """Ask once.

        Raises:
            EnvironmentProblem: It does not answer with 200.
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            answer = reply.read()
        finally:
            connection.close()
        if reply.status != 200:
            raise EnvironmentProblem(f"{self.url} answered {reply.status}: {answer[:300]!r}; see {self.log}")
        return answer

    def memory_mib(self) -> float:
        """Memory that all of its processes hold."""
        return sum(_resident_mib(pid) for pid in (self.process.pid, *descendants(self.process.pid)))

    def workers_mib(self) -> dict[int, float]:
        """Memory of each process that it started, by number."""
        return {pid: _resident_mib(pid) for pid in descendants(self.process.pid)}

    def cpu_seconds(self) -> float:
        """Processor time that its processes took so far."""
        return sum(_cpu_seconds(pid) for pid in (self.process.pid, *descendants(self.process.pid)))


@contextmanager
def serving(
    command: Sequence[str], variables: Mapping[str, str], log: Path, probe: bytes
) -> Iterator[Server]:
    """Start a server, wait until it answers, and end it afterwards.

    Args:
        command: What to run; ``{port}`` in it becomes the port.
        variables: Its environment beside ours; ``{port}`` becomes the port here too.
        log: File that takes what it says.
        probe: Body of a request that it answers once it is ready.

    Raises:
        EnvironmentProblem: It ends, or does not answer in time.
    """
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            cwd=ROOT,
            env={
                **os.environ,
                **{name: each.replace("{port}", str(port)) for name, each in variables.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        _wait(server, probe)
        yield server
    finally:
        _end(process)


def descendants(pid: int) -> tuple[int, ...]:
    """Number all processes below one; none where the system does not tell."""
    found: list[int] = []
    with suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            children = (task / "children").read_text(encoding="ascii").split()
            for child in map(int, children):
                found += (child, *descendants(child))
    return tuple(found)


def _wait(server: Server, probe: bytes) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.ask(probe)
        except (OSError, http.client.HTTPException, EnvironmentProblem) as error:
            if server.process.poll() is None and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
                continue
            said = server.log.read_text(encoding="utf-8", errors="replace")[-LOG_CHARACTERS:]
            raise EnvironmentProblem(f"{server.process.args!r} does not answer: {error}; {said}") from error
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    below = descendants(process.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # What it left behind, of its own session alone.
    for pid in below:
        with suppress(ProcessLookupError):
            if os.getsid(pid) == process.pid:
                os.kill(pid, signal.SIGKILL)


def _resident_mib(pid: int) -> float:
    with suppress(OSError):
        return int((PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1]) * PAGE_MIB
    return 0.0


def _cpu_seconds(pid: int) -> float:
    with suppress(OSError):
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
