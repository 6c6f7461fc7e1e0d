"""Running from a wheel that spark-submit shipped: Python imports from it, but files in it cannot be read."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from pathlib import Path

import days_to_sell
from days_to_sell.settings import Settings


def run_unpacked() -> None:
    """Start this program again from an unpacked copy, where the toolkit is imported from an archive.

    Beside its code lie tables, templates and Spark's settings, and a training tells what code it ran by
    reading it. The process stays the same, and with it Spark's gateway.
    """
    archive = _archive_of(Path(days_to_sell.__file__))
    if archive is None:
        return
    home = unpack(archive, Settings.from_env().cache_dir / "wheels")
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(home), *others])
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606  # the same program, with its own words


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack an archive below a folder, once for each content; give where it lies."""
    home = folder / hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    if not home.exists():
        draft = folder / f".{home.name}-{os.getpid()}"
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(draft)
        try:
            draft.rename(home)
        except OSError:
            # Another process was first; a folder that holds something is never replaced.
            if not home.exists():
                raise
    return home


def _archive_of(module: Path) -> Path | None:
    return next((parent for parent in module.parents if parent.is_file()), None)
