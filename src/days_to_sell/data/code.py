"""The code that is running: its commit, where it lies in a repository, and a digest of chosen files."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

import days_to_sell

UNKNOWN, DIRTY = "unknown", "-dirty"
GIT_SECONDS = 60
# What a training run is made of. Notes beside it may differ from the commit without changing a model.
MATTERS = ("src", "mlflow_project", "requirements", "pyproject.toml")


def code_commit(package: Path | None = None) -> str:
    """Name the commit of the code that is running, whatever folder it was started in.

    Args:
        package: Folder of the running package; the one that this module belongs to when not given.

    Returns:
        The full hash, with ``-dirty`` where files that matter differ from it or are not in it; ``unknown``
        where the code lies in no repository, as an installed wheel does.
    """
    home = package or Path(days_to_sell.__file__).parent
    root = _git(home, "rev-parse", "--show-toplevel")
    if not root or not _git(home, "ls-files", "--", "__init__.py"):
        return UNKNOWN
    commit = _git(Path(root), "rev-parse", "HEAD")
    changed = _git(Path(root), "status", "--porcelain", "--", *MATTERS)
    if not commit or changed is None:
        return UNKNOWN
    return f"{commit}{DIRTY}" if changed else commit


def is_whole(commit: str) -> bool:
    """Whether a commit, as :func:`code_commit` names it, is all of the code that ran."""
    return commit != UNKNOWN and not commit.endswith(DIRTY)


def code_digest(files: Iterable[Path]) -> str:
    """Give the SHA-256 of the names and contents of files, in the order given."""
    content = hashlib.sha256()
    for file in files:
        held = file.read_bytes()
        content.update(f"{file.name} {len(held)}\n".encode())
        content.update(held)
    return content.hexdigest()


def _git(folder: Path, *arguments: str) -> str | None:
    """Ask git, which may be absent or refuse a folder of another user; then there is no answer."""
    try:
        asked = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
