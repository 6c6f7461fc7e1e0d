"""A deployment repository: its branch as it is now, and a commit on top of that.

Nothing is checked out. What the branch holds is read and written as git's own objects, in a bare repository
in a temporary folder: a link, a filter or a hook in what others pushed has nothing to act on.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import DeploymentError, RepositoryError
from days_to_sell.release.gitops.address import require_branch, require_repository, without_secret
from days_to_sell.release.gitops.git import SECONDS, Ended, Git, identity_variables
from days_to_sell.release.gitops.record import MAX_BYTES

# What a server says of a push that came after another: by the protocol, or when its lock was held.
_LATE = re.compile(
    r"\[rejected\]|non-fast-forward|fetch first|cannot lock ref|failed to update ref|incorrect old value"
)
_REJECTED = re.compile(
    r"\[remote rejected\]|pre-receive|protected|denied|forbidden|permission", re.IGNORECASE
)


class LostRaceError(RepositoryError):
    """Somebody else pushed first."""


@dataclass(frozen=True)
class Repository:
    """A deployment repository.

    Args:
        address: Where git finds it.
        branch: The branch that is deployed.
        identity: Who commits, as ``Name <mail>``; git's own configuration decides where empty.
        seconds: How long one call of git may take.
    """

    address: str
    branch: str = "main"
    identity: str = ""
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        """Refuse an address or a branch that git could take for something else."""
        object.__setattr__(self, "address", require_repository(self.address))
        require_branch(self.branch)

    @property
    def place(self) -> str:
        """Name it among the places that are released to, in few letters and without a secret."""
        whole = f"{without_secret(self.address)} {self.branch}"
        return f"git {hashlib.sha256(whole.encode()).hexdigest()[:16]}"

    def __str__(self) -> str:
        """Say it without a secret."""
        return f"{without_secret(self.address)} ({self.branch})"

    @contextmanager
    def open(self) -> Iterator[Clone]:
        """Give a clone that is gone after the block.

        Raises:
            RepositoryError: There is no git.
        """
        with tempfile.TemporaryDirectory(prefix="days-to-sell-deployment-") as folder:
            git = Git(Path(folder), self.address, self.seconds)
            git.run("init", "--quiet", "--bare")
            yield Clone(self, git)


@dataclass
class Clone:
    """The newest commit of the branch, without those before it.

    Args:
        repository: Of what.
        git: Git, in the clone's folder.
        tip: The commit, once it was fetched; empty where the repository has none.
    """

    repository: Repository
    git: Git
    tip: str = ""

    def fetch(self) -> str:
        """Look which commit the branch is at now; empty where the repository is.

        Raises:
            RepositoryError: It does not answer, or has no such branch but others.
        """
        ref = f"refs/heads/{self.repository.branch}"
        fetched = self.git.attempt("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+{ref}:{ref}")
        if fetched.code == 0:
            self.tip = self.git.run("rev-parse", ref)
            return self.tip
        listed = self.git.attempt("ls-remote", "--heads", "origin")
        if listed.code:
            raise RepositoryError(
                f"{self.repository} cannot be read: {fetched.said}; see its address, that it is up, and that "
                "git of this user may read it"
            )
        heads = re.findall(r"refs/heads/(\S+)", listed.out.decode(errors="replace"))
        if self.repository.branch in heads:
            raise RepositoryError(f"{self.repository} cannot be fetched: {fetched.said}")
        if heads:
            raise DeploymentError(
                f"{self.repository}: there is no such branch; there are {', '.join(sorted(heads)[:10])}"
            )
        self.tip = ""
        return ""

    def read(self, path: str) -> bytes | None:
        """Read a file of the newest commit; ``None`` where there is none.

        Raises:
            DeploymentError: It is a link or a folder, or too long to be a record.
        """
        if not self.tip:
            return None
        listed = self.git.run("ls-tree", "--long", self.tip, "--", path)
        if not listed:
            return None
        mode, kind, name, size = listed.split(maxsplit=4)[:4]
        if kind != "blob" or mode == "120000":
            raise DeploymentError(f"{self.repository}: {path} is no plain file; remove it there")
        if int(size) > MAX_BYTES:
            raise DeploymentError(f"{self.repository}: {path} has {size} bytes, and is no record of ours")
        return self.git.read("cat-file", "blob", name)

    def commit(self, path: str, text: str, message: str) -> str:
        """Make a commit on top of the newest one, which differs from it in one file.

        Raises:
            RepositoryError: Git did not take it.
        """
        git = self.git
        git.run("read-tree", self.tip or "--empty")
        blob = git.run("hash-object", "-w", "--stdin", given=text)
        git.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        parents = ("-p", self.tip) if self.tip else ()
        who = identity_variables(git, self.repository.identity)
        return git.run("commit-tree", git.run("write-tree"), *parents, "-F", "-", given=message, more=who)

    def push(self, commit: str) -> None:
        """Make a commit the newest of the branch, unless that moved since it was fetched.

        Raises:
            LostRaceError: It moved.
            DeploymentError: The repository refuses it: its hook does, or the branch is protected.
            RepositoryError: It does not answer.
        """
        ref = f"refs/heads/{self.repository.branch}"
        pushed = self.git.attempt("push", "--porcelain", "origin", f"{commit}:{ref}")
        if pushed.code:
            raise self._reading(pushed)

    def _reading(self, pushed: Ended) -> DeploymentError | RepositoryError:
        told = without_secret(pushed.out.decode(errors="replace")) + "\n" + pushed.said
        lines = [line.strip() for line in told.splitlines() if line.strip() and line.strip() != "Done"]
        said = "\n".join(line for line in lines if not line.startswith("hint:"))
        if _LATE.search(told):
            return LostRaceError(f"{self.repository}: somebody pushed meanwhile")
        if _REJECTED.search(told):
            return DeploymentError(
                f"{self.repository} refused the commit: let this user push there, or name another branch and "
                f"merge it\n{said}"
            )
        return RepositoryError(f"{self.repository} did not take the commit: {said}; run it again")
