"""A platform that is interrupted or killed while it starts leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from days_to_sell.release.project import project_root
from stack.airflow import find_airflow
from stack.leftovers import processes_of
from stack.postgres import absent
from stack.s3 import find_server

pytestmark = [pytest.mark.parts, pytest.mark.timeout(400)]

SECONDS, HALF_WAY = 120, 6
PREFIX = "days-to-sell-platform-"


def places() -> set[Path]:
    """Folders of runs."""
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_platform_that_is_ended_while_it_starts(
    how: signal.Signals, tmp_path: Path
) -> None:
    """S3, PostgreSQL, git and images are up, and MLflow, Spark and Airflow half: all of it ends."""
    if not (find_airflow() and find_server()) or absent():
        pytest.skip("needs an S3 server, PostgreSQL and Airflow: make airflow")
    before = places()
    # No engine: nothing is deployed yet, and images that others make meanwhile are not its own.
    variables = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path / 'none.sock'}", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "stack", "--build", str(tmp_path / "build")]
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=project_root(), env=variables, **told) as run:
        try:
            assert run.stdout is not None
            for line in run.stdout:
                if "git remote" in line:
                    break
            time.sleep(HALF_WAY)
            (place,) = places() - before
            running = processes_of(place)
            assert len(running) > 5
            assert run.poll() is None
            run.send_signal(how)
            said = run.stdout.read() if how != signal.SIGKILL else ""
            assert run.wait(SECONDS) == (-how if how == signal.SIGKILL else 1), said
            # What outlives a killed run takes a moment.
            wait_until_gone(place)
        finally:
            run.kill()
    assert processes_of(place) == ()
    assert "Traceback" not in said


def wait_until_gone(place: Path) -> None:
    """Look until the folder is not there and no process names it."""
    deadline = time.monotonic() + SECONDS
    while place.exists() or processes_of(place):
        assert time.monotonic() < deadline, [
            Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(place)
        ]
        time.sleep(0.2)
