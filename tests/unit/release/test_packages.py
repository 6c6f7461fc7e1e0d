"""Packages that a workspace keeps."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.packages import DRAFT_SECONDS, fetch_package, kept_package
from days_to_sell.scoring.signature import SIGNATURE, sign_package
from days_to_sell.scoring.signing_keys import make_key
from tests.packages import make_package
from tests.unit.release.fakes import ShelfRegistry
from tests.unit.release.full_disk import no_room


def test_a_kept_package_takes_the_signature_that_its_version_got_since(tmp_path: Path) -> None:
    """It is the same package, in the same place, and its image is to carry the signature."""
    registry, package = ShelfRegistry(), make_package(tmp_path / "package")
    registry.add("tiny-model", "1", package)
    version = registry.production("tiny-model")
    assert version is not None
    kept = fetch_package(registry, version, tmp_path / "workspace")
    assert not (kept.root / SIGNATURE).exists()
    make_key(tmp_path / "release.pem")
    sign_package(package, tmp_path / "release.pem")
    again = fetch_package(registry, version, tmp_path / "workspace")
    assert again == kept
    assert (kept.root / SIGNATURE).read_bytes() == (package.root / SIGNATURE).read_bytes()


def test_a_damaged_package_on_the_shelf_is_replaced(tmp_path: Path) -> None:
    """Half a package, as a full disk may leave it, is neither used nor in the way."""
    registry = ShelfRegistry()
    registry.add("tiny-model", "1", make_package(tmp_path / "package"))
    version = registry.version("tiny-model", "1")
    kept = fetch_package(registry, version, tmp_path / "workspace")
    (kept.root / "golden.jsonl").write_text("half of it", encoding="utf-8")
    found = kept_package("tiny-model", "1", kept.digest, tmp_path / "workspace")
    assert found is None
    assert fetch_package(registry, version, tmp_path / "workspace") == kept
    assert kept_package("tiny-model", "1", kept.digest, tmp_path / "workspace") == kept


def test_a_disk_that_takes_no_more_leaves_no_half_of_a_package(tmp_path: Path) -> None:
    """Full in the midst of a file, nothing of it stays; the message says what to do, and then it goes on."""
    registry = ShelfRegistry()
    registry.add("tiny-model", "1", make_package(tmp_path / "package"))
    version = registry.version("tiny-model", "1")
    with (
        no_room(beyond=1000),
        pytest.raises(TargetError, match=r"takes no model package: .*; make room there"),
    ):
        fetch_package(registry, version, tmp_path / "workspace")
    assert list((tmp_path / "workspace" / "packages").iterdir()) == []
    assert fetch_package(registry, version, tmp_path / "workspace").model == "tiny-model"


def test_what_cannot_be_brought_to_the_disk_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name says that all is there, even after the machine lost power."""
    registry = ShelfRegistry()
    registry.add("tiny-model", "1", make_package(tmp_path / "package"))

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TargetError, match="No space left on device; make room"):
        fetch_package(registry, registry.version("tiny-model", "1"), tmp_path / "workspace")
    assert list((tmp_path / "workspace" / "packages").iterdir()) == []


def test_what_a_killed_program_left_is_swept_up_a_day_later(tmp_path: Path) -> None:
    """A younger draft may be another program's, which is at work on it."""
    registry = ShelfRegistry()
    registry.add("tiny-model", "1", make_package(tmp_path / "package"))
    shelf = tmp_path / "workspace" / "packages"
    for name, age in ((".draft-old", 2 * DRAFT_SECONDS), (".draft-new", 0.0)):
        (shelf / name).mkdir(parents=True)
        os.utime(shelf / name, (time.time() - age, time.time() - age))
    fetch_package(registry, registry.version("tiny-model", "1"), tmp_path / "workspace")
    assert [each.name for each in shelf.glob(".*")] == [".draft-new"]
