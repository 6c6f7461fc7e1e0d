"""A model package held against its own manifest, file by file, and the chain that leads to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from days_to_sell.data.code import is_whole
from days_to_sell.errors import PackageError, SignatureError
from days_to_sell.scoring.package import MANIFEST, ModelPackage, listed_files, open_package
from days_to_sell.scoring.signature import SIGNATURE, require_signature

# From the first link to the last: what the manifest calls it, and what it is.
CHAIN = (
    ("code_commit", "code commit"),
    ("training_data", "data digest"),
    ("run_id", "run"),
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        subject: What it is.
        holds: Whether it is as it has to be.
        found: What was found, and where it is wrong, what was expected.
    """

    subject: str
    holds: bool
    found: str


def check_package(root: Path, trusted: Path | None) -> tuple[Check, ...]:
    """Recompute every digest of a package, and follow its chain.

    Args:
        root: Folder of the package.
        trusted: Keys of which one must have signed it; None where no signature is asked for.

    Returns:
        What was looked at; where the manifest cannot be read, that alone.

    Raises:
        SignatureError: The trusted keys themselves cannot be read.
    """
    try:
        names = listed_files(root)
        manifest = _read_manifest(root)
    except PackageError as error:
        return (Check("manifest", False, str(error)),)
    checks = [*_files(root, names, manifest), *_strays(root, names)]
    if all(check.holds for check in checks):
        package = open_package(root)
        checks.append(Check("package digest", True, package.digest))
        checks.append(_signature(package, trusted))
    return (*checks, *_chain(manifest["provenance"]))


def _read_manifest(root: Path) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((root / MANIFEST).read_bytes())
    if not isinstance(raw.get("files"), dict) or not isinstance(raw.get("provenance"), dict):
        raise PackageError(f"{root / MANIFEST} names no files or no provenance; fetch the package again")
    return raw


def _files(root: Path, names: Sequence[str], manifest: dict[str, Any]) -> Iterator[Check]:
    said = manifest["files"]
    for name in sorted({*names, *said}):
        expected = said.get(name)
        if expected is None or name not in names:
            told = "the manifest does not name it" if expected is None else "no file of a package"
            yield Check(name, False, told)
            continue
        try:
            with (root / name).open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            yield Check(name, False, f"cannot be read: {error.strerror}")
            continue
        same = digest == expected
        yield Check(name, same, digest if same else f"{digest}, but the manifest says {expected}")


def _strays(root: Path, names: Sequence[str]) -> Iterator[Check]:
    """Name what lies in the folder without a digest that stands for it."""
    known = {*names, MANIFEST, SIGNATURE}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name not in known:
            yield Check(name, False, "lies beside the package's files, and no digest covers it")


def _signature(package: ModelPackage, trusted: Path | None) -> Check:
    if trusted is None:
        signed = (package.root / SIGNATURE).is_file()
        told = "there, and not held against any key" if signed else "none, and none is asked for"
        return Check("signature", True, f"{told}: DAYS_TO_SELL_TRUSTED_KEYS is not set")
    try:
        return Check("signature", True, f"by trusted key {require_signature(package, trusted)}")
    except SignatureError as error:
        return Check("signature", False, str(error))


def _chain(provenance: dict[str, Any]) -> Iterator[Check]:
    for key, subject in CHAIN:
        value = provenance.get(key)
        if not isinstance(value, str) or not value:
            yield Check(subject, False, "the package does not say it, so the chain has a gap")
        elif key == "code_commit" and not is_whole(value):
            yield Check(subject, False, f"{value}: other code than a commit's trained it")
        else:
            yield Check(subject, True, value)
