"""Counters shared by workers: one file each, summed by anybody, and never going back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from days_to_sell.errors import SettingsError
from serving.telemetry.counters import SharedCounters

ROOT = Path(__file__).parents[3]
# Another worker: counts, tells its sums, and waits to be told to end.
WORKER = """
import sys
from pathlib import Path
from serving.telemetry.counters import SharedCounters
counters = SharedCounters(Path(sys.argv[1]), sys.argv[2], 3)
counters.own[0] += int(sys.argv[3])
print(*counters.totals()[1], flush=True)
sys.stdin.readline()
"""


def worker(folder: Path, add: int) -> tuple[subprocess.Popen[str], str]:
    """Start another process that counts, and wait until it has told its sums."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), "rows", str(add)],
        env={"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def test_sums_are_those_of_all_workers(tmp_path: Path) -> None:
    """Each sees what the others counted, and counts into a file of its own."""
    own = SharedCounters(tmp_path, "rows", 3)
    own.own[0] += 2
    own.own[2] += 2**40
    other, told = worker(tmp_path, 5)
    assert told == f"7 0 {2**40}\n"
    assert own.totals()[1] == [7, 0, 2**40]
    assert len(list(tmp_path.iterdir())) == 2
    other.communicate("\n", timeout=30)


def test_a_dead_worker_s_counts_are_kept_and_its_file_is_taken_over(tmp_path: Path) -> None:
    """Killed or ended, however often: sums never go back, and files do not pile up."""
    own = SharedCounters(tmp_path, "rows", 3)
    for number in range(1, 4):
        other, _ = worker(tmp_path, 5)
        assert own.totals()[1] == [5 * number, 0, 0]
        other.kill()
        other.communicate(timeout=30)
        assert own.totals()[1] == [5 * number, 0, 0]
    assert len(list(tmp_path.iterdir())) == 2


def test_other_packages_are_not_mixed_in(tmp_path: Path) -> None:
    """After a reload with another package, and beside files of anything else, counting starts anew."""
    before = SharedCounters(tmp_path, "rows-abc", 3)
    before.own[0] += 1
    (tmp_path / "notes.txt").write_text("nothing of ours")
    assert SharedCounters(tmp_path, "rows-abd", 3).totals()[1] == [0, 0, 0]
    assert SharedCounters(tmp_path, "rows-abc", 4).totals()[1] == [0, 0, 0, 0]
    assert before.totals()[1] == [1, 0, 0]


def test_counting_began_with_the_first_worker(tmp_path: Path) -> None:
    """A worker that starts later, or takes over a file, does not move the beginning."""
    before = time.time()
    first, _ = worker(tmp_path, 1)
    own = SharedCounters(tmp_path, "rows", 3)
    began, _ = own.totals()
    assert before <= began <= time.time()
    first.kill()
    first.communicate(timeout=30)
    assert SharedCounters(tmp_path, "rows", 3).totals() == (began, [1, 0, 0])


def test_without_a_folder_a_process_counts_alone() -> None:
    """As in a development server or a test client."""
    alone = SharedCounters(None, "rows", 2)
    alone.own[1] += 3
    assert alone.totals()[1] == [0, 3]


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """The service then does not start, and says which setting it was."""
    with pytest.raises(SettingsError, match=r"absent cannot be used .*DAYS_TO_SELL_COUNTERS"):
        SharedCounters(tmp_path / "absent", "rows", 2)
