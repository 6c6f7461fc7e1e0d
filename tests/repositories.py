"""Git repositories made for a test."""

from __future__ import annotations

import subprocess
from pathlib import Path

SECONDS = 120
AUTHOR = ("-c", "user.name=Tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and give what it said."""
    asked = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=SECONDS
    )
    return asked.stdout.strip()


def commit_all(root: Path, message: str) -> str:
    """Commit everything in a folder, which becomes a repository, and name the commit."""
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, *AUTHOR, "commit", "--quiet", "--message", message)
    return git(root, "rev-parse", "HEAD")
