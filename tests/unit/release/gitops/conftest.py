"""A real bare repository, and what commits to it: version 1 of the tiny model in Production."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from days_to_sell.release.gitops.commit import Committed, Storage, commit_production
from days_to_sell.release.gitops.record import Record, read_record
from days_to_sell.release.gitops.repository import Repository
from days_to_sell.release.machine.aides import Aides
from days_to_sell.scoring.package import ModelPackage
from stack.git_remote import GitRemote
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget

FILE = f"models/{MODEL}.json"
PEOPLE = {
    "GIT_AUTHOR_NAME": "A Person",
    "GIT_AUTHOR_EMAIL": "person@localhost",
    "GIT_COMMITTER_NAME": "A Person",
    "GIT_COMMITTER_EMAIL": "person@localhost",
}


@pytest.fixture(autouse=True)
def nobodys_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git without the configuration of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(tmp_path / "no-gitconfig"))


@pytest.fixture
def remote(tmp_path: Path) -> GitRemote:
    """A bare repository, without a commit."""
    (tmp_path / "remote").mkdir()
    return GitRemote(tmp_path / "remote", git_variables=PEOPLE).create()


@dataclass
class Shelf:
    """An S3 that is a folder.

    Args:
        folder: Where packages lie by their digest.
    """

    folder: Path
    puts: list[str] = field(default_factory=list)

    def put(self, package: ModelPackage, location: str) -> str:
        """Keep the package, and say its address."""
        self.puts.append(package.digest)
        address = f"{location}/{package.digest.removeprefix('sha256:')}"
        (self.folder / package.digest).parent.mkdir(parents=True, exist_ok=True)
        kept = self.folder / package.digest
        if not kept.exists():
            kept.symlink_to(package.root.resolve())
        return address

    def fetch(self, record: Record, target: Path) -> ModelPackage:
        """Copy the package that a record names."""
        import shutil

        from days_to_sell.scoring.package import open_package

        shutil.copytree((self.folder / record.package.digest).resolve(), target)
        return open_package(target)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Where packages go."""
    return Shelf(tmp_path / "s3")


Run = Callable[..., Committed]


@pytest.fixture
def commit(
    registry: ShelfRegistry,
    remote: GitRemote,
    shelf: Shelf,
    target: ThreadTarget,
    workspace: Path,
    aides: Aides,
    lines: list[str],
) -> Run:
    """Release once by git."""

    def run(again: bool = False, branch: str = "main", **other: object) -> Committed:
        return commit_production(
            other.get("registry", registry),  # type: ignore[arg-type]
            MODEL,
            Repository(remote.address, branch),
            Storage("s3://models/released", shelf.put),
            target,
            workspace=workspace,
            report=lines.append,
            aides=aides,
            again=again,
        )

    return run


def on_branch(remote: GitRemote, commit: str = "main") -> Record:
    """Read what a commit says of the model."""
    return read_record(remote.git("show", f"{commit}:{FILE}"), FILE)


def commit_by_hand(remote: GitRemote, path: str, text: str, message: str, branch: str = "main") -> str:
    """Make a commit as a person does, on top of the branch, straight in the repository."""
    index = {"GIT_INDEX_FILE": f"{remote.folder}/index-of-a-person"}
    hand = GitRemote(remote.folder, git_variables={**PEOPLE, **index})
    written = remote.folder / "written"
    written.write_text(text, encoding="utf-8")
    known = hand.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
    hand.git("read-tree", *([known] if known else ["--empty"]))
    blob = hand.git("hash-object", "-w", str(written))
    hand.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    parents = ("-p", known) if known else ()
    made = hand.git("commit-tree", hand.git("write-tree"), *parents, "-m", message)
    hand.git("update-ref", f"refs/heads/{branch}", made)
    return made


def revert(remote: GitRemote) -> str:
    """Take the newest commit back, as ``git revert`` does."""
    text = remote.git("show", f"main~1:{FILE}") + "\n"
    return commit_by_hand(remote, FILE, text, "Revert")
