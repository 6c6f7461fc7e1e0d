"""The project as it was at the commit that trained a version, in a folder of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import days_to_sell
from days_to_sell.data.code import DIRTY, UNKNOWN
from days_to_sell.errors import ReproductionError

GIT_SECONDS = 300


def find_repository() -> Path:
    """Find the clone that this toolkit runs from.

    Raises:
        ReproductionError: It runs from none.
    """
    home = Path(days_to_sell.__file__).parent
    root = _git(home, "rev-parse", "--show-toplevel")
    if root.returncode:
        raise ReproductionError(
            f"the toolkit in {home} is in no git clone; name a clone of the project with --repository"
        )
    return Path(root.stdout.strip())


def require_commit(commit: str, repository: Path) -> None:
    """Make sure that a recorded commit is whole and at hand.

    Raises:
        ReproductionError: The commit is unknown, was not all of the code, or is not in the repository.
    """
    if commit == UNKNOWN:
        raise ReproductionError(
            "the version was trained by code in no repository, so nobody knows which it was; "
            "train it anew from a git clone of the project"
        )
    if commit.endswith(DIRTY):
        raise ReproductionError(
            f"the version was trained by code that differed from commit {commit.removesuffix(DIRTY)}, "
            "and the difference was not kept; commit the change, then train anew"
        )
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise ReproductionError(f"the version names {commit!r} as its commit, which is none; train it anew")
    if _git(repository, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        raise ReproductionError(
            f"commit {commit} is not in {repository}; fetch it there (git fetch --all), or name a clone "
            "that has it with --repository"
        )


def check_out(commit: str, repository: Path, target: Path) -> None:
    """Clone a repository into a new folder, at one commit.

    Raises:
        ReproductionError: git refused; the message is its own.
    """
    # A clone leaves nothing behind in the repository, as a work tree would if its folder is removed.
    for arguments in (
        ("-C", str(repository), "clone", "--quiet", "--shared", "--no-checkout", ".", str(target)),
        ("-C", str(target), "checkout", "--quiet", "--detach", commit),
    ):
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=GIT_SECONDS, check=False
        )
        if done.returncode:
            raise ReproductionError(f"commit {commit} cannot be checked out: {done.stderr.strip()}")


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ReproductionError(f"git cannot be run: {error}; install it") from error
