"""A program whose toolkit lies in an archive goes on from an unpacked copy."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import days_to_sell
from days_to_sell.cli.unpacked import unpack

SOURCE = Path(days_to_sell.__file__).parents[1]
PROGRAM = """
import os, sys
import days_to_sell
from days_to_sell.cli.unpacked import run_unpacked
print("at", days_to_sell.__file__, os.getpid(), flush=True)
run_unpacked()
print("went on", sys.argv[1:], (days_to_sell.__file__), flush=True)
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The toolkit's code in an archive, as spark-submit ships it."""
    path = tmp_path / "days_to_sell-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (
            "__init__.py",
            "errors.py",
            "settings.py",
            "cli/__init__.py",
            "cli/entry.py",
            "cli/lean.py",
            "cli/unpacked.py",
        ):
            archive.write(SOURCE / "days_to_sell" / name, f"days_to_sell/{name}")
    return path


def run(tmp_path: Path, path: Path) -> list[str]:
    """Run the program with the toolkit from somewhere; give what it said."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    variables = {"PYTHONPATH": str(path), "DAYS_TO_SELL_CACHE_DIR": str(tmp_path / "cache")}
    said = subprocess.run(
        [sys.executable, str(program), "--lake", "a b"],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return said.stdout.splitlines()


def test_a_program_goes_on_from_the_unpacked_copy(wheel: Path, tmp_path: Path) -> None:
    """It starts in the archive, and again in the cache: the same process, with the same words."""
    packed, unpacked, went_on = run(tmp_path, wheel)
    assert str(wheel) in packed
    assert str(tmp_path / "cache" / "wheels") in unpacked
    assert packed.split()[-1] == unpacked.split()[-1]
    assert went_on.startswith("went on ['--lake', 'a b']")


def test_files_on_disk_are_run_as_they_are(tmp_path: Path) -> None:
    """Nothing is started twice where nothing is packed."""
    here, went_on = run(tmp_path, SOURCE)
    assert str(SOURCE) in here
    assert went_on.startswith("went on")
    assert not (tmp_path / "cache").exists()


def test_each_content_is_unpacked_once(wheel: Path, tmp_path: Path) -> None:
    """The same bytes lie at the same place, others elsewhere, and no draft is left."""
    first = unpack(wheel, tmp_path / "wheels")
    assert unpack(wheel, tmp_path / "wheels") == first
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("days_to_sell/new.py", "")
    second = unpack(wheel, tmp_path / "wheels")
    assert (second / "days_to_sell" / "new.py").exists()
    assert sorted((tmp_path / "wheels").iterdir()) == sorted([first, second])
