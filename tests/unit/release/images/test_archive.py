"""The archive of a build context."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from days_to_sell.release.images.archive import EPOCH, pack

FILES = {"b.txt": b"b", "a/one.txt": b"1", "a/two.txt": b"2", "a-b.txt": b"", "a/deep/er/x": b"x"}


@pytest.fixture(params=[0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What the rights of new files lack while the test runs."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def write(root: Path, names: list[str], time: int) -> Path:
    """Write the files in an order, and give all a time."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(FILES[name])
    for path in root.rglob("*"):
        os.utime(path, (time, time))
    return root


def test_it_is_the_same_bytes_wherever_and_whenever_it_is_written(tmp_path: Path, umask: int) -> None:
    """Folder, times, umask and the order in which files were written leave no trace."""
    one = pack(write(tmp_path / "one", sorted(FILES), 1_000_000_000), tmp_path / "one.tar")
    two = pack(
        write(tmp_path / "elsewhere/two", sorted(FILES, reverse=True), 1_234_567_890), tmp_path / "two.tar"
    )

    assert one == two
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:
        found = {(each.mode, each.mtime, each.uid, each.uname) for each in archive if each.isfile()}
    assert found == {(0o644, EPOCH, 0, "")}


@pytest.mark.parametrize("change", ["content", "name", "one more"])
def test_another_content_is_another_archive(tmp_path: Path, change: str) -> None:
    """A byte, a name or a file more: each shows."""
    root = write(tmp_path / "root", sorted(FILES), EPOCH)
    before = pack(root, tmp_path / "before.tar")
    if change == "content":
        (root / "b.txt").write_bytes(b"c")
    elif change == "name":
        shutil.move(root / "b.txt", root / "c.txt")
    else:
        (root / "a/three.txt").touch()

    assert pack(root, tmp_path / "after.tar") != before
