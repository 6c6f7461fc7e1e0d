"""The folder that the workers of a service share, held while one of them runs, and swept where none does."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

NAME, HELD = "days-to-sell-counters-", "held"


def make_folder(place: str | None) -> str:
    """Make a folder, and hold it until this process and all that it forks have ended, however they end.

    Args:
        place: Where to make it; None for the system's place for temporary files.
    """
    folder = Path(tempfile.mkdtemp(prefix=NAME, dir=place))
    draft = folder / f".{HELD}"
    # Kept open: the lock is the open file's, which workers inherit and a program that takes over does not.
    handle = os.open(draft, os.O_CREAT | os.O_RDONLY, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    # Only now by its name, by which others look: it is never there without its lock.
    draft.rename(folder / HELD)
    return str(folder)


def sweep(place: str | None) -> None:
    """Remove the folders of services that were killed, and so could not do it themselves."""
    for held in Path(place or tempfile.gettempdir()).glob(f"{NAME}*/{HELD}"):
        try:
            handle = os.open(held, os.O_RDONLY)
        except OSError:
            # Another user's, or gone meanwhile.
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(held.parent, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)
