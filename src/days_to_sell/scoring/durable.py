"""Folders on the disk, before a name is given to them that promises they are whole."""

from __future__ import annotations

import os
from pathlib import Path


def sync_tree(root: Path) -> None:
    """Bring a folder and all that is in it to the disk."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            sync_folder(path)
    sync_folder(root)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
