"""The jars of MLeap's runtime that this toolkit was tested with, each with its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import EnvironmentProblem

LIST = Path(__file__).parent / "jars.txt"


@dataclass(frozen=True)
class Jar:
    """One jar.

    Args:
        group: Who publishes it.
        artifact: Its name.
        version: Its version.
        sha256: Hexadecimal digest of its bytes.
    """

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.artifact}-{self.version}.jar"

    def __str__(self) -> str:
        """Say it as the list does."""
        return f"{self.group}:{self.artifact}:{self.version} {self.sha256}"


def locked_jars() -> tuple[Jar, ...]:
    """Read the list."""
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return tuple(_read(line) for line in lines)


def _read(line: str) -> Jar:
    coordinates, sha256 = line.split()
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, sha256)


def check_jars(folder: Path, jars: Iterable[Jar], advice: str) -> None:
    """Make sure that a folder holds each jar, bit for bit.

    Args:
        folder: Where they are.
        jars: What they have to be.
        advice: What to do where one is not.

    Raises:
        EnvironmentProblem: A jar is missing or is another; the message names it.
    """
    for jar in jars:
        try:
            with (folder / jar.file).open("rb") as content:
                found = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise EnvironmentProblem(
                f"{folder / jar.file} cannot be read ({error.strerror}); {advice}"
            ) from error
        if found != jar.sha256:
            raise EnvironmentProblem(
                f"{folder / jar.file} has SHA-256 {found}, the toolkit expects {jar.sha256}; {advice}"
            )
