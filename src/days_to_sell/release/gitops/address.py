"""Addresses of git repositories: which are taken, and how they are shown."""

from __future__ import annotations

import re
from pathlib import Path

from days_to_sell.errors import DeploymentError

# What git itself speaks; helpers such as `ext::` run any program.
SCHEMES = ("https", "http", "ssh", "git", "file")
_URL = re.compile(
    r"(?:https?|ssh|git)://(?:[^@/\s-][^@/\s]*@)?[A-Za-z0-9\[][^@/\s]*(?:/[^\s]*)?|file:///[^\s]*"
)
_SHORT = re.compile(r"(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.-]*:(?!:|//)[^\s-][^\s]*")
_BRANCH = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._/-]*[A-Za-z0-9_])?")
_SECRET = re.compile(r"(?<=://)[^@/\s]+@")


def require_repository(address: str) -> str:
    """Make sure that an address is one of a git repository, and nothing that git would take for an option.

    >>> require_repository("git@git.example:team/deployments.git")
    'git@git.example:team/deployments.git'

    Raises:
        DeploymentError: It is none.
    """
    if _URL.fullmatch(address) or _SHORT.fullmatch(address):
        return address
    if (
        address
        and "::" not in address
        and "://" not in address
        and not address.startswith("-")
        and address.isprintable()
    ):
        path = Path(address)
        if path.is_dir():
            # Git runs elsewhere.
            return str(path.resolve())
    raise DeploymentError(
        f"{without_secret(address)!r:.200} is no git repository; write https://host/path, "
        "ssh://user@host/path, user@host:path, or a folder that is there"
    )


def require_branch(branch: str) -> str:
    """Make sure that a name can be that of a branch.

    Raises:
        DeploymentError: It cannot.
    """
    wrong = (".." in branch, "//" in branch, "/." in branch, ".lock" in branch, len(branch) > 200)
    if any(wrong) or not _BRANCH.fullmatch(branch):
        raise DeploymentError(f"{branch!r:.100} is no name of a branch; write one such as main")
    return branch


def without_secret(text: str) -> str:
    """Take users and passwords out of every address in a text.

    >>> without_secret("fatal: https://bot:secret@git.example/x.git not found")
    'fatal: https://git.example/x.git not found'
    """
    return _SECRET.sub("", text)
