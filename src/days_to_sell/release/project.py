"""The project's own files that the service is made of, beside the installed package."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import days_to_sell
from days_to_sell.errors import TargetError

DOCKERFILE, SERVING = "Dockerfile", "serving"
# What the service stands on, by the engine that computes bundles in it.
REQUIREMENTS = {"python": "requirements/serving.txt", "jvm": "requirements/jvm.txt"}
GIT_SECONDS = 30
PARTS = (DOCKERFILE, SERVING, *REQUIREMENTS.values(), "pyproject.toml")


def project_root() -> Path:
    """Find the project that this package runs from.

    Raises:
        TargetError: The package was installed away from its project.
    """
    root = Path(days_to_sell.__file__).resolve().parents[2]
    check_project(root)
    return root


def check_project(root: Path) -> None:
    """Make sure that a directory holds what the service is made of.

    Raises:
        TargetError: A part is missing.
    """
    missing = [part for part in PARTS if not (root / part).exists()]
    if missing:
        raise TargetError(
            f"{root} holds no {', '.join(missing)}; release from a clone of the project, "
            "with the package installed by `pip install -e`"
        )


def source_address(root: Path) -> str:
    """Tell where others find the code: the address of the repository that a project was cloned from.

    Returns:
        An address without user and password; empty where it was cloned from none that others could reach.
    """
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "remote", "get-url", "origin"],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return public_address(asked.stdout.strip()) if asked.returncode == 0 else ""


def public_address(remote: str) -> str:
    """Make of a repository's address one that may be shown.

    >>> public_address("https://somebody:secret@git.example/team/code.git")
    'https://git.example/team/code.git'
    >>> public_address("git@git.example:team/code.git")
    'ssh://git.example/team/code.git'
    >>> public_address("/a/folder/of/this/machine")
    ''
    """
    written = re.fullmatch(r"(https?|ssh|git)://(?:[^@/]*@)?([^@]+)", remote)
    if written:
        return f"{written[1]}://{written[2]}"
    short_form = re.fullmatch(r"(?:[^@/:]+@)?([\w.-]+\.[\w-]+):([^/@:][^@:]*)", remote)
    return f"ssh://{short_form[1]}/{short_form[2]}" if short_form else ""
