"""Snapshot folders of a lake, put in place only when they are complete."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path


@contextmanager
def new_snapshot(root: Path, source: str, snapshot: date) -> Iterator[Path]:
    """Give a folder to write into; it becomes ``<root>/<source>/snapshot_date=<snapshot>`` at the end.

    An earlier snapshot of the same date is replaced. When the body fails, the lake stays as it was.

    Args:
        root: Folder of the lake; created where it is missing.
        source: Name of the source.
        snapshot: Date of the snapshot.

    Yields:
        An empty folder inside ``root``, hidden from readers of the lake.
    """
    target = root / source / f"snapshot_date={snapshot.isoformat()}"
    target.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=".writing-", dir=root))
    written = workplace / "new"
    written.mkdir()
    try:
        yield written
        if target.exists():
            target.rename(workplace / "old")
        written.rename(target)
    finally:
        shutil.rmtree(workplace)
