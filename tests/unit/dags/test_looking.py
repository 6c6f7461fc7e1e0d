"""When a snapshot is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.errors import DataError
from mlflow_project.dags.looking import Seen, look

DAY = "2025-06-30"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the source's snapshot, empty."""
    made = tmp_path / "flats" / f"snapshot_date={DAY}"
    made.mkdir(parents=True)
    return made


def seen(folder: Path) -> Seen:
    """Look at that folder as a sensor does."""
    return look(str(folder.parents[1]), "flats", DAY)


def test_what_is_absent_has_no_files(tmp_path: Path) -> None:
    """Neither an absent lake nor an empty folder is a snapshot, however often it is looked at."""
    absent = look(str(tmp_path / "nowhere"), "flats", DAY)
    assert absent == Seen(())
    assert not absent.settled(absent)


def test_a_marker_says_that_it_is_whole(folder: Path) -> None:
    """What Spark marked needs one look; a marker alone is no data."""
    (folder / "_SUCCESS").touch()
    assert not seen(folder).settled(seen(folder))
    (folder / "part-0.parquet").write_text("rows")
    assert seen(folder).settled(None)


def test_without_a_marker_it_has_to_lie_still(folder: Path) -> None:
    """A second look that finds the same is needed; what grew is looked at again."""
    (folder / "part-0.csv").write_text("a")
    first = seen(folder)
    assert not first.settled(None)
    (folder / "part-0.csv").write_text("ab")
    second = seen(folder)
    assert not second.settled(first)
    assert seen(folder).settled(second)


def test_who_is_at_work_is_waited_for(folder: Path) -> None:
    """Spark writes below a folder that it removes at the end."""
    (folder / "part-0.parquet").write_text("rows")
    (folder / "_temporary").mkdir()
    assert not seen(folder).settled(seen(folder))


def test_files_beside_the_data_are_none(folder: Path) -> None:
    """Checksums and hidden files do not make a snapshot."""
    (folder / "._part-0.parquet").write_text("x")
    (folder / "notes.txt").write_text("x")
    assert seen(folder).data == 0


def test_a_lake_that_refuses_is_an_error(folder: Path) -> None:
    """What cannot be told from an absent source is not waited for without a word."""
    loop = folder / "part-0.parquet"
    loop.symlink_to(loop)
    with pytest.raises(DataError, match="cannot be listed"):
        seen(folder)
