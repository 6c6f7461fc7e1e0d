"""Foreign programs as steps of a reproduction."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from days_to_sell.errors import ReproductionError
from days_to_sell.registry.reproduction.steps import run_step

DEADLINE_SECONDS = 20


def run(folder: Path, code: str, seconds: float = 60.0) -> list[str]:
    """Run Python code as a step and give what was reported."""
    lines: list[str] = []
    run_step(
        "counting",
        [sys.executable, "-c", code],
        folder=folder,
        environment={"PATH": os.defpath, "ONLY": "this"},
        seconds=seconds,
        report=lines.append,
    )
    return lines


def test_what_a_program_writes_is_passed_on(tmp_path: Path) -> None:
    """Both of its streams, indented, from the folder and with the variables it was given."""
    code = "import os, sys; print(os.getcwd(), flush=True); print(os.environ['ONLY'], file=sys.stderr)"
    assert run(tmp_path, code) == [f"    {tmp_path}", "    this"]


def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    """The error has its name, its code and its last words."""
    with pytest.raises(ReproductionError, match=r"counting failed with code 3; it said last:\nlost count"):
        run(tmp_path, "import sys; print('lost count'); sys.exit(3)")


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """Nothing that the step started outlives it."""
    child = (
        "import os, pathlib, time; "
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(300)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(ReproductionError, match="counting took more than 2 s and was ended"):
        run(tmp_path, parent, seconds=2.0)
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + DEADLINE_SECONDS
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    """What cannot be started is said with the reason."""
    with pytest.raises(ReproductionError, match=r"setting up could not be started: .*no-such-program"):
        run_step(
            *("setting up", ["no-such-program"]), folder=tmp_path, environment={}, seconds=5.0, report=print
        )


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
