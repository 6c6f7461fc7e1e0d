"""State files of the process target."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.process.state import Record, StateFiles
from days_to_sell.release.target import Deployment
from days_to_sell.release.written import write_whole
from tests.unit.release.full_disk import no_room

DEPLOYMENT = Deployment("production", "http://127.0.0.1:8080", "Tiny Model", "1", "sha256:aa")
CANDIDATE = Record(
    DEPLOYMENT, 123, "boot:456", "/packages/tiny", "candidate", announcement="/state/tiny.successor"
)


@pytest.fixture
def files(tmp_path: Path) -> StateFiles:
    """An empty directory of state files."""
    return StateFiles(tmp_path / "process")


def test_a_record_is_read_back_as_it_was_written(files: StateFiles) -> None:
    """The file holds the whole record, and nothing but it stays in the directory."""
    files.write(CANDIDATE)
    assert files.read("Tiny Model", "production", "candidate") == CANDIDATE
    assert [path.name for path in files.root.iterdir()] == ["tiny-model-production.candidate.json"]


def test_a_candidate_is_not_what_is_proven(files: StateFiles) -> None:
    """An interrupted release leaves a candidate, never something proven."""
    files.write(CANDIDATE)
    assert files.read("Tiny Model", "production") is None


def test_a_confirmed_candidate_takes_the_place_of_the_proven_one(files: StateFiles) -> None:
    """After it there is one record, and it is no candidate."""
    files.write(Record(DEPLOYMENT, 7, "boot:8", "/packages/old", "proven"))
    files.write(CANDIDATE)
    files.confirm("Tiny Model", "production")
    assert files.all() == (replace(CANDIDATE, part="proven"),)


def test_nothing_can_be_confirmed_without_a_candidate(files: StateFiles) -> None:
    """The message says to release again."""
    with pytest.raises(TargetError, match="no candidate of tiny in production to confirm; release it again"):
        files.confirm("tiny", "production")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_file_is_named(files: StateFiles, content: str) -> None:
    """A file that cannot be read is never taken for no file."""
    files.write(CANDIDATE)
    path = files.root / "tiny-model-production.candidate.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TargetError, match=r"candidate\.json is damaged .*; remove it and release again"):
        files.all()


def test_a_file_of_an_earlier_toolkit_is_read(files: StateFiles) -> None:
    """It told a candidate by a flag, and what it started cannot be followed."""
    files.write(CANDIDATE)
    path = files.root / "tiny-model-production.candidate.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    del raw["part"], raw["announcement"]
    path.write_text(json.dumps(raw | {"candidate": True}), encoding="utf-8")
    assert files.all() == (replace(CANDIDATE, announcement=""),)


def test_a_process_that_is_left_keeps_its_part(files: StateFiles) -> None:
    """Interrupted there, the next program knows what it was."""
    files.leave(CANDIDATE)
    assert files.read("Tiny Model", "production", "leaving") == CANDIDATE
    assert files.read("Tiny Model", "production", "candidate") is None


def test_a_disk_that_takes_no_more_leaves_what_was_written_before(tmp_path: Path) -> None:
    """The file is as it was, and no draft of the new one fills the disk."""
    path = tmp_path / "state.json"
    write_whole(path, "before")
    with no_room(beyond=10), pytest.raises(OSError, match="too large"):
        write_whole(path, "after" * 100)
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]
