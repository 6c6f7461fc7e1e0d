"""Processes are ended only when they are the ones that were started."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from days_to_sell.release.process.processes import command_of, identity, stop_process

Start = Callable[[str], subprocess.Popen[str]]
SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a program as leader of its own group, and wait until it runs."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        return child

    yield run
    for child in started:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def test_a_process_keeps_its_identity(start: Start) -> None:
    """What is recorded at the start is found again as long as the process lives."""
    child = start(SLEEP)
    known = identity(child.pid)
    assert known is not None
    assert identity(child.pid) == known
    assert child.poll() is None


def test_a_process_tells_its_command(start: Start) -> None:
    """What was started is recognised by it; a number that nobody has tells nothing."""
    child = start(SLEEP)
    assert command_of(child.pid) == f"{sys.executable} -c {SLEEP}"
    child.kill()
    child.wait()
    assert command_of(child.pid) == ""


def test_an_ended_process_has_no_identity_even_unreaped(start: Start) -> None:
    """A zombie serves nobody."""
    child = start(SLEEP)
    child.kill()
    deadline = time.monotonic() + 30
    while identity(child.pid) is not None:
        assert time.monotonic() < deadline
    child.wait()
    assert identity(child.pid) is None


def test_a_process_ends_on_request(start: Start) -> None:
    """SIGTERM is enough for one that listens to it."""
    child = start(SLEEP)
    assert stop_process(child.pid, identity(child.pid) or "", grace_seconds=30)
    assert child.wait() == -15


def test_a_stubborn_process_is_killed_after_the_grace(start: Start) -> None:
    """One that ignores SIGTERM gets SIGKILL."""
    child = start(STUBBORN)
    assert stop_process(child.pid, identity(child.pid) or "", grace_seconds=0.2)
    assert child.wait() == -9


def test_a_process_that_took_over_a_number_is_left_alone(start: Start) -> None:
    """A recorded number whose start time is another one's belongs to a stranger."""
    child = start(SLEEP)
    assert not stop_process(child.pid, "an-earlier-boot:12345", grace_seconds=30)
    assert child.poll() is None


def test_an_ended_process_needs_no_stopping(start: Start) -> None:
    """Stopping twice is no error."""
    child = start(SLEEP)
    known = identity(child.pid) or ""
    child.kill()
    child.wait()
    assert not stop_process(child.pid, known, grace_seconds=30)
