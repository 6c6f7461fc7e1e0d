"""State files of the process target: which process serves what, written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from days_to_sell.errors import TargetError
from days_to_sell.release.names import deployment_name
from days_to_sell.release.target import Deployment
from days_to_sell.release.written import write_whole

Part = Literal["proven", "candidate", "rehearsal", "leaving"]
"""What a process is in a deployment; ``leaving`` is the one that a successor takes over from."""
ENDINGS: dict[Part, str] = {
    "proven": ".json",
    "candidate": ".candidate.json",
    "rehearsal": ".rehearsal.json",
    "leaving": ".leaving.json",
}


@dataclass(frozen=True)
class Record:
    """One process that serves.

    Args:
        deployment: What it serves, and where.
        pid: Its number.
        identity: What tells it from a later process with the same number.
        package: Directory of the model package that it serves.
        part: What it is in its deployment.
        engine: What computes the package's bundle in it.
        announcement: File from which it reads what is to follow it; empty where it cannot be followed.
    """

    deployment: Deployment
    pid: int
    identity: str
    package: str
    part: Part
    engine: str = "python"
    announcement: str = ""

    def is_process_of(self, other: Record | None) -> bool:
        """Whether both records are of one process."""
        return other is not None and (self.pid, self.identity) == (other.pid, other.identity)


class StateFiles:
    """One file for each process that a deployment has.

    Args:
        root: Directory of the files.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, model: str, environment: str, part: Part = "proven") -> Record | None:
        """Read a record; ``None`` where there is none.

        Raises:
            TargetError: The file is damaged.
        """
        path = self._path(model, environment, part)
        return _read(path) if path.exists() else None

    def all(self) -> tuple[Record, ...]:
        """Read every record.

        Raises:
            TargetError: A file is damaged.
        """
        return tuple(_read(path) for path in sorted(self.root.glob("*.json")))

    def write(self, record: Record) -> None:
        """Write a record in place of the former one of its part."""
        self._write(record, record.part)

    def leave(self, record: Record) -> None:
        """Note that a process is about to be followed; the record keeps the part that it had."""
        self._write(record, "leaving")

    def confirm(self, model: str, environment: str) -> None:
        """Make the candidate's record the proven one.

        Raises:
            TargetError: There is no candidate.
        """
        record = self.read(model, environment, "candidate")
        if record is None:
            raise TargetError(f"no candidate of {model} in {environment} to confirm; release it again")
        self.write(replace(record, part="proven"))
        self.remove(model, environment, "candidate")

    def remove(self, model: str, environment: str, part: Part) -> None:
        """Remove a record."""
        self._path(model, environment, part).unlink(missing_ok=True)

    def beside(self, model: str, environment: str, ending: str) -> Path:
        """Path of another file of a deployment: its log, or what announces a successor."""
        return self.root / f"{deployment_name(model, environment)}{ending}"

    def _write(self, record: Record, part: Part) -> None:
        found = record.deployment
        text = json.dumps(asdict(record), indent=1)
        write_whole(self._path(found.model, found.environment, part), text)

    def _path(self, model: str, environment: str, part: Part) -> Path:
        return self.beside(model, environment, ENDINGS[part])


def _read(path: Path) -> Record:
    try:
        return record_from(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError) as error:
        raise TargetError(f"state file {path} is damaged ({error}); remove it and release again") from error


def record_from(raw: dict[str, object]) -> Record:
    """Read a record back from what was written of it.

    Raises:
        KeyError, TypeError, ValueError: Something is missing or of the wrong kind.
    """
    part = raw["part"] if "part" in raw else _part_of_old(raw)
    if part not in ENDINGS:
        raise ValueError(f"unknown part {part!r}")
    return Record(
        Deployment(**raw["deployment"]),  # type: ignore[arg-type]
        int(str(raw["pid"])),
        str(raw["identity"]),
        str(raw["package"]),
        part,
        # A record of an earlier toolkit names none: there was but one.
        str(raw.get("engine", "python")),
        str(raw.get("announcement", "")),
    )


def _part_of_old(raw: dict[str, object]) -> Part:
    # An earlier toolkit told two parts by a flag.
    return "candidate" if raw["candidate"] else "proven"
