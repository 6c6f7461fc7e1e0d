"""Git, as a program: no shell, no prompt, no hook or helper of a repository, and an end to each call."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from days_to_sell.errors import RepositoryError, SettingsError
from days_to_sell.release.gitops.address import SCHEMES, without_secret

SECONDS = 120.0
BOT = ("days-to-sell", "days-to-sell@localhost")
ELSEWHERE = frozenset(
    f"GIT_{name}"
    for name in (
        "DIR",
        "WORK_TREE",
        "INDEX_FILE",
        "OBJECT_DIRECTORY",
        "ALTERNATE_OBJECT_DIRECTORIES",
        "COMMON_DIR",
        "NAMESPACE",
        "PREFIX",
        "QUARANTINE_PATH",
        "CONFIG",
        "CONFIG_PARAMETERS",
    )
)
_IDENTITY = re.compile(r"([^<>\n]*[^<>\s])\s*<([^<>\s]+@[^<>\s]+)>")


@dataclass(frozen=True)
class Ended:
    """How a call ended.

    Args:
        code: Exit code.
        out: What it wrote to standard output.
        said: What it wrote to standard error, without secrets.
    """

    code: int
    out: bytes
    said: str


@dataclass(frozen=True)
class Git:
    """Git in one bare repository of this machine.

    Args:
        folder: The repository.
        origin: Address of the remote; it never stands on a command line, where others could read it.
        seconds: How long a call may take.
    """

    folder: Path
    origin: str
    seconds: float = SECONDS
    _environment: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_environment", _environment(self.origin))

    def run(self, *arguments: str, given: str | bytes = b"", more: Mapping[str, str] | None = None) -> str:
        """Run it, and give what it answered.

        Raises:
            RepositoryError: It failed.
        """
        return self.read(*arguments, given=given, more=more).decode().strip()

    def read(self, *arguments: str, given: str | bytes = b"", more: Mapping[str, str] | None = None) -> bytes:
        """Run it, and give what it answered, byte for byte.

        Raises:
            RepositoryError: It failed.
        """
        ended = self.attempt(*arguments, given=given, more=more)
        if ended.code:
            raise RepositoryError(f"git {arguments[0]}: {ended.said}")
        return ended.out

    def attempt(
        self, *arguments: str, given: str | bytes = b"", more: Mapping[str, str] | None = None
    ) -> Ended:
        """Run it, however it ends.

        Raises:
            RepositoryError: There is no git, or it did not end.
        """
        command: Sequence[str] = ("git", "-c", "core.hooksPath=/dev/null", *arguments)
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env={**self._environment, **(more or {})},
                input=given.encode() if isinstance(given, str) else given,
                capture_output=True,
                timeout=self.seconds,
                check=False,
            )
        except FileNotFoundError as error:
            raise RepositoryError(f"git cannot be started ({error}); install it") from error
        except subprocess.TimeoutExpired as error:
            raise RepositoryError(
                f"git {arguments[0]} did not end within {self.seconds:.0f} s; is "
                f"{without_secret(self.origin)} up?"
            ) from error
        said = without_secret(done.stderr.decode(errors="replace")).strip()
        return Ended(done.returncode, done.stdout, said)


def identity_variables(git: Git, identity: str) -> dict[str, str]:
    """Say who commits: who is named, else whom git knows, else the toolkit itself.

    Args:
        git: Git, whose configuration counts where nobody is named.
        identity: ``Name <mail>``; empty for none.

    Raises:
        SettingsError: It names nobody.
    """
    found = _IDENTITY.fullmatch(identity.strip())
    if identity.strip() and not found:
        raise SettingsError(
            f"DAYS_TO_SELL_GIT_IDENTITY is {identity!r:.100}; write it as Name <name@host.example>"
        )
    if found:
        name, mail = found[1], found[2]
    elif "GIT_COMMITTER_EMAIL" in os.environ or not git.attempt("config", "user.email").code:
        return {}
    else:
        name, mail = BOT
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", mail))
    }


def _environment(origin: str) -> dict[str, str]:
    # Within a hook of another repository, git would work on that one.
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    # What is configured this way already, such as a credential helper of a CI system, stays.
    count = int(kept.get("GIT_CONFIG_COUNT") or 0)
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES),
        "GIT_SSH_COMMAND": kept.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": "remote.origin.url",
        f"GIT_CONFIG_VALUE_{count}": origin,
    }
