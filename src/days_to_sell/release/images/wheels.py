"""The wheels that an image is made of: what each says of itself, and whether it is one of the lock."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from days_to_sell.errors import TargetError

_PIN = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
# Many projects of old put the whole text of their licence into the field that was meant for its name.
LICENCE_LENGTH = 80


@dataclass(frozen=True)
class Wheel:
    """One built distribution.

    Args:
        file: Name of its file.
        name: Its normalized name.
        version: Its version.
        sha256: Hexadecimal digest of its bytes.
        licence: SPDX expression or the name that it gives its licence; empty where it gives none.
    """

    file: str
    name: str
    version: str
    sha256: str
    licence: str


def read_wheel(path: Path) -> Wheel:
    """Read what a wheel says of itself.

    Raises:
        TargetError: The file is no wheel.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            member = next(name for name in archive.namelist() if _METADATA.fullmatch(name))
            said = HeaderParser().parsestr(archive.read(member).decode("utf-8"))
        name, version = said["Name"], said["Version"]
        if not name or not version:
            raise ValueError("no name or version")
    except (OSError, zipfile.BadZipFile, StopIteration, ValueError) as error:
        raise TargetError(
            f"{path} is no wheel ({error or 'no metadata'}); remove the folder it lies in and release again"
        ) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wheel(path.name, normalized(name), version, digest, _licence(said))


def read_locked_wheels(wheelhouse: Path, requirements: Path) -> tuple[Wheel, ...]:
    """Read the wheels of a folder, each of which a locked requirements file has to name with its hash.

    Raises:
        TargetError: A file is no wheel, or not one of the lock.
    """
    lock = read_lock(requirements)
    wheels = tuple(sorted(map(read_wheel, wheelhouse.iterdir()), key=lambda wheel: wheel.file))
    for wheel in wheels:
        if wheel.sha256 not in lock.get((wheel.name, wheel.version), ()):
            raise TargetError(
                f"wheel {wheel.file} (SHA-256 {wheel.sha256}) is not one of {requirements.name}; "
                f"remove folder wheelhouse of the cache, or lock it if it belongs there"
            )
    return wheels


def read_lock(requirements: Path) -> Mapping[tuple[str, str], set[str]]:
    """Read which SHA-256 a locked requirements file allows, by normalized name and version."""
    allowed: dict[tuple[str, str], set[str]] = defaultdict(set)
    pin = ("", "")
    for line in requirements.read_text(encoding="utf-8").splitlines():
        found = _PIN.match(line)
        if found:
            pin = (normalized(found[1]), found[2])
        allowed[pin].update(_HASH.findall(line))
    return allowed


def normalized(name: str) -> str:
    """Name of a distribution as indexes compare it (PEP 503).

    >>> normalized("Zope.Interface")
    'zope-interface'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence(said: Message) -> str:
    written = said["License-Expression"] or said["License"] or ""
    if written and "\n" not in written and len(written) <= LICENCE_LENGTH and written != "UNKNOWN":
        return str(written)
    classifiers = [str(line).split(" :: ") for line in said.get_all("Classifier", [])]
    return " OR ".join(parts[-1] for parts in classifiers if parts[0] == "License" and len(parts) > 1)
