"""State files of the process target: which process serves what, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from days_to_sell.errors import TargetError
from days_to_sell.release.names import deployment_name
from days_to_sell.release.target import Deployment


@dataclass(frozen=True)
class Record:
    """One process that serves.

    Args:
        deployment: What it serves, and where.
        pid: Its number.
        identity: What tells it from a later process with the same number.
        package: Directory of the model package that it serves.
        candidate: Whether it still has to prove itself.
        engine: What computes the package's bundle in it.
    """

    deployment: Deployment
    pid: int
    identity: str
    package: str
    candidate: bool
    engine: str = "python"


class StateFiles:
    """One file for each deployment, and one for its candidate.

    Args:
        root: Directory of the files.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, model: str, environment: str, *, candidate: bool = False) -> Record | None:
        """Read a record; ``None`` where there is none.

        Raises:
            TargetError: The file is damaged.
        """
        path = self._path(model, environment, candidate=candidate)
        return _read(path) if path.exists() else None

    def all(self) -> tuple[Record, ...]:
        """Read every record.

        Raises:
            TargetError: A file is damaged.
        """
        return tuple(_read(path) for path in sorted(self.root.glob("*.json")))

    def write(self, record: Record) -> None:
        """Write a record in place of the former one."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".state-", dir=self.root)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(asdict(record), out, indent=1)
        Path(draft).rename(self._path_of(record))

    def confirm(self, model: str, environment: str) -> None:
        """Make the candidate's record the proven one.

        Raises:
            TargetError: There is no candidate.
        """
        record = self.read(model, environment, candidate=True)
        if record is None:
            raise TargetError(f"no candidate of {model} in {environment} to confirm; release it again")
        candidate = self._path_of(record)
        self.write(replace(record, candidate=False))
        candidate.unlink()

    def remove(self, record: Record) -> None:
        """Remove a record."""
        self._path_of(record).unlink(missing_ok=True)

    def _path_of(self, record: Record) -> Path:
        found = record.deployment
        return self._path(found.model, found.environment, candidate=record.candidate)

    def _path(self, model: str, environment: str, *, candidate: bool) -> Path:
        ending = ".candidate.json" if candidate else ".json"
        return self.root / f"{deployment_name(model, environment)}{ending}"


def _read(path: Path) -> Record:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            Deployment(**raw["deployment"]),
            int(raw["pid"]),
            str(raw["identity"]),
            str(raw["package"]),
            bool(raw["candidate"]),
            # A record of an earlier toolkit names none: there was but one.
            str(raw.get("engine", "python")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TargetError(f"state file {path} is damaged ({error}); remove it and release again") from error
