"""What a task left running is ended, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from mlflow_project.dags.leftovers import MARK, end_leftovers

SECONDS = 60
# A child in a session of its own, as `mlflow run` starts one; the parent says when it is there.
PARENT = (
    "import subprocess, sys, time; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
    "print('there', flush=True); time.sleep(600)"
)


def start(mark: str) -> subprocess.Popen[str]:
    """Start a process that has a mark, with a child, and wait until both are there."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], env=os.environ | {MARK: mark}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


@pytest.mark.timeout(2 * SECONDS)
def test_all_that_a_task_started_is_ended_and_no_other_task() -> None:
    """The process and its child in another session are killed; those of another task live on."""
    mine, other = uuid.uuid4().hex, uuid.uuid4().hex
    left, stays = start(mine), start(other)
    try:
        assert end_leftovers(mine) >= 2
        assert left.wait(SECONDS) == -9
        assert stays.poll() is None
        assert end_leftovers(mine) == 0
    finally:
        end_leftovers(other)
        stays.wait(SECONDS)
