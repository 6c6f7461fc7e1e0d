"""What a training set says of the code that made it."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.data.code import DIRTY, UNKNOWN, code_commit, code_digest, is_whole
from tests.repositories import commit_all, git


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package in a repository with one commit."""
    home = tmp_path / "project" / "src" / "toolkit"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text("", encoding="utf-8")
    (home.parents[1] / "notes.md").write_text("first\n", encoding="utf-8")
    commit_all(home.parents[1], "All of it")
    return home


def test_the_commit_is_that_of_the_package_whatever_folder_it_runs_in(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run started elsewhere names the code that runs, not the repository that it stands in."""
    monkeypatch.chdir(tmp_path)
    assert code_commit(package) == git(package, "rev-parse", "HEAD")
    assert is_whole(code_commit(package))


@pytest.mark.parametrize("file", ["__init__.py", "added.py"])
def test_code_that_differs_from_its_commit_is_marked(package: Path, file: str) -> None:
    """An edited file counts, and so does one that git was never told of."""
    (package / file).write_text("edited = True\n", encoding="utf-8")
    assert code_commit(package) == git(package, "rev-parse", "HEAD") + DIRTY
    assert not is_whole(code_commit(package))


def test_notes_that_differ_do_not_count(package: Path) -> None:
    """What no training run reads may be edited: the model is the commit's all the same."""
    (package.parents[1] / "notes.md").write_text("second\n", encoding="utf-8")
    assert code_commit(package) == git(package, "rev-parse", "HEAD")


def test_code_in_no_repository_has_no_commit(package: Path, tmp_path: Path) -> None:
    """Neither outside of one, nor in a folder that the repository around it ignores."""
    outside = tmp_path / "toolkit"
    outside.mkdir()
    ignored = package.parents[1] / "ignored"
    ignored.mkdir()
    (ignored / "__init__.py").write_text("", encoding="utf-8")
    assert code_commit(outside) == UNKNOWN
    assert code_commit(ignored) == UNKNOWN
    assert not is_whole(UNKNOWN)


def test_a_digest_of_code_knows_names_contents_and_where_one_file_ends(tmp_path: Path) -> None:
    """Another name, another byte, or a line that moved to the next file is other code."""

    def digest(folder: str, **files: str) -> str:
        home = tmp_path / folder
        home.mkdir()
        for name, content in files.items():
            (home / name).write_text(content, encoding="utf-8")
        return code_digest(sorted(home.iterdir()))

    first = digest("first", a="x\ny\n", b="z\n")
    assert digest("same", a="x\ny\n", b="z\n") == first
    others = [
        digest("renamed", a="x\ny\n", c="z\n"),
        digest("edited", a="x\ny\n", b="Z\n"),
        digest("moved", a="x\n", b="y\nz\n"),
    ]
    assert first not in others
