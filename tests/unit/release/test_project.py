"""Where the project is, and where others find its code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from days_to_sell.release.project import public_address, source_address


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://git.example/team/code.git", "https://git.example/team/code.git"),
        ("https://somebody:secret@git.example/team/code.git", "https://git.example/team/code.git"),
        ("ssh://git@git.example:2222/team/code", "ssh://git.example:2222/team/code"),
        ("git@git.example:team/code.git", "ssh://git.example/team/code.git"),
        ("/a/folder/of/this/machine", ""),
        ("file:///a/folder", ""),
        ("https://somebody:se@cret@git.example/code", ""),
        ("", ""),
    ],
)
def test_an_address_of_code_is_shown_without_who_reads_it(remote: str, shown: str) -> None:
    """Names and passwords are left out, and so is what only one machine has."""
    assert public_address(remote) == shown


def test_a_project_is_found_where_it_was_cloned_from(tmp_path: Path) -> None:
    """One without a remote, or outside git, is found nowhere."""
    assert source_address(tmp_path) == ""
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert source_address(tmp_path) == ""
    subprocess.run([*git, "remote", "add", "origin", "https://me:secret@git.example/code"], check=True)
    assert source_address(tmp_path) == "https://git.example/code"
