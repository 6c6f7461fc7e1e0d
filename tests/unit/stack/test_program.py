"""Programs that are killed and started again."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from days_to_sell.release.process.processes import identity
from stack.program import Program

SECONDS = 30
# Writes its own number and that of a child, and would run for ever.
TWO = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(600)\n"
)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A program with a child, not started yet."""
    made = Program("two", [sys.executable, "-c", TWO], tmp_path, os.environ)
    yield made
    made.kill()


def children(program: Program, count: int) -> list[int]:
    """Wait until a program said as many numbers of children."""
    deadline = time.monotonic() + SECONDS
    while len(said := program.log.read_text(encoding="utf-8").split()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return list(map(int, said))


def gone(pid: int) -> bool:
    """Wait until a process is no more."""
    deadline = time.monotonic() + SECONDS
    while identity(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return identity(pid) is None


def test_a_kill_takes_all_that_belongs_to_a_program(program: Program) -> None:
    """Its child too; a second kill meets nothing, and the log goes on in the next life."""
    assert program.start()
    (child,) = children(program, 1)
    assert program.kill()
    assert gone(child)
    assert not program.runs
    assert not program.kill()
    assert program.start()
    assert children(program, 2)[0] == child


def test_what_runs_is_not_started_again(program: Program) -> None:
    """Whoever mends starts what is dead, and nothing else."""
    assert program.start()
    assert not program.start()
    assert len(children(program, 1)) == 1


def test_a_program_that_is_asked_to_end_does(program: Program) -> None:
    """With all that belongs to it."""
    program.start()
    (child,) = children(program, 1)
    program.end()
    assert not program.runs
    assert gone(child)
