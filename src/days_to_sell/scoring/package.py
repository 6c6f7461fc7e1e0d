"""The model package: everything that serving needs of a model, in one verified directory.

    package.json       manifest: model, provenance, SHA-256 of every other file
    bundle.zip         the pipeline as an MLeap bundle
    contract.json      the request contract
    derivations.json   derived columns and their lookup tables
    golden.jsonl       raw rows with Spark's own answers
    profile.json       histograms of the training data, by which drift is told (from format 2 on)

Its digest is the SHA-256 of the manifest, which names the digest of every file: one number stands for all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from days_to_sell.errors import PackageError
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.folder import read_bundle_files, write_bundle_files
from days_to_sell.scoring.golden import GoldenRow, read_golden, write_golden
from days_to_sell.scoring.profile import Profile
from days_to_sell.spec import RequestContract

FORMAT = 2
MANIFEST, BUNDLE, CONTRACT, DERIVATIONS, GOLDEN, PROFILE = (
    "package.json",
    "bundle.zip",
    "contract.json",
    "derivations.json",
    "golden.jsonl",
    "profile.json",
)
FILES = (BUNDLE, CONTRACT, DERIVATIONS, GOLDEN, PROFILE)
# What was released in the first format can still be rolled back to: it serves, and tells nothing of drift.
FILES_BY_FORMAT = {1: (BUNDLE, CONTRACT, DERIVATIONS, GOLDEN), FORMAT: FILES}


@dataclass(frozen=True)
class ModelPackage:
    """A model package whose files are those of its manifest.

    Args:
        root: Directory of the package.
        model: Name of the registered model.
        provenance: Where it comes from: run, code commit, training data, versions.
        digest: ``sha256:`` and the hexadecimal digest of the manifest.
        files: Names of its files beside the manifest.
    """

    root: Path
    model: str
    provenance: Mapping[str, str]
    digest: str
    files: tuple[str, ...] = FILES

    @property
    def bundle(self) -> Path:
        """The MLeap bundle."""
        return self.root / BUNDLE

    @cached_property
    def contract(self) -> RequestContract:
        """The request contract."""
        return RequestContract.from_dict(json.loads((self.root / CONTRACT).read_text(encoding="utf-8")))

    @cached_property
    def derivations(self) -> Derivations:
        """The derivations with their tables."""
        return Derivations.from_dict(json.loads((self.root / DERIVATIONS).read_text(encoding="utf-8")))

    @cached_property
    def golden(self) -> tuple[GoldenRow, ...]:
        """The golden rows."""
        return read_golden(self.root / GOLDEN)

    @cached_property
    def profile(self) -> Profile | None:
        """Histograms of the training data; None in a package of the first format.

        Raises:
            PackageError: The profile is damaged.
        """
        if PROFILE not in self.files:
            return None
        return Profile.from_dict(_read_json(self.root / PROFILE))


def open_package(root: Path) -> ModelPackage:
    """Open a model package and verify every file against the manifest.

    Raises:
        PackageError: A file is missing, is not what the manifest says, or the manifest is damaged.
    """
    content, raw = _read_manifest(root)
    names = listed_files(root)
    try:
        files, model, provenance = raw["files"], str(raw["model"]), dict(raw["provenance"])
    except (KeyError, TypeError, ValueError) as error:
        raise PackageError(f"{root / MANIFEST} is damaged: {error}; fetch the package again") from error
    if set(files) != set(names):
        raise PackageError(f"{root / MANIFEST} names {sorted(files)}; a package has {sorted(names)}")
    for name in names:
        _verify(root / name, str(files[name]))
    return ModelPackage(root, model, provenance, f"sha256:{hashlib.sha256(content).hexdigest()}", names)


def require_digest(package: ModelPackage, digest: str) -> None:
    """Make sure that a package is the one that was meant; where none was named, any is.

    Raises:
        PackageError: It is another one.
    """
    if digest and package.digest != digest:
        raise PackageError(
            f"{package.root} holds the package {package.digest}, and {digest} was released; fetch that one "
            "again, or release this one"
        )


def listed_files(root: Path) -> tuple[str, ...]:
    """Name the files that belong beside the manifest in a folder, by its format alone.

    Raises:
        PackageError: The manifest cannot be read, or is of a format that this toolkit does not know.
    """
    _, raw = _read_manifest(root)
    written = raw.get("format")
    if type(written) is not int or written not in FILES_BY_FORMAT:
        known = " and ".join(map(str, FILES_BY_FORMAT))
        raise PackageError(f"{root} has package format {written!r:.20}; this toolkit reads formats {known}")
    return FILES_BY_FORMAT[written]


def listed_digests(root: Path) -> dict[str, str]:
    """Give the SHA-256 that the manifest in a folder promises of each file beside it.

    Raises:
        PackageError: The manifest cannot be read, or does not name the files of its format.
    """
    names, (_, raw) = listed_files(root), _read_manifest(root)
    files = raw.get("files")
    if not isinstance(files, dict) or set(files) != set(names):
        raise PackageError(f"{root / MANIFEST} does not name the files of a package; fetch the package again")
    return {name: str(files[name]) for name in names}


def write_package(
    target: Path,
    *,
    model: str,
    bundle: Path,
    contract: RequestContract,
    derivations: Derivations,
    golden: Iterable[GoldenRow],
    profile: Profile,
    provenance: Mapping[str, str],
) -> ModelPackage:
    """Write a model package, whole or not at all.

    Args:
        target: Directory to become the package; it must not exist.
        model: Name of the registered model.
        bundle: MLeap bundle whose files to pack.
        contract: The request contract.
        derivations: Derived columns with their tables.
        golden: Raw rows with Spark's own answers.
        profile: Histograms of the training data.
        provenance: Where the model comes from.

    Raises:
        BundleError: ``bundle`` cannot be read.
        PackageError: ``target`` exists.
    """
    if target.exists():
        raise PackageError(f"{target} exists; choose another directory, packages are never overwritten")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        write_bundle_files(read_bundle_files(bundle), draft / BUNDLE)
        _write_json(draft / CONTRACT, contract.to_dict())
        _write_json(draft / DERIVATIONS, derivations.to_dict())
        write_golden(draft / GOLDEN, golden)
        _write_json(draft / PROFILE, profile.to_dict())
        files = {name: _sha256(draft / name) for name in FILES}
        manifest = {"format": FORMAT, "model": model, "provenance": dict(provenance), "files": files}
        _write_json(draft / MANIFEST, manifest)
        draft.chmod(0o755)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return open_package(target)


def _read_manifest(root: Path) -> tuple[bytes, dict[str, Any]]:
    manifest = root / MANIFEST
    try:
        content = manifest.read_bytes()
        raw = json.loads(content)
    except OSError as error:
        raise PackageError(f"{root} is no model package: {manifest.name} cannot be read ({error})") from error
    except (ValueError, RecursionError) as error:
        raise PackageError(f"{manifest} is damaged: {error}; fetch the package again") from error
    if not isinstance(raw, dict):
        raise PackageError(f"{manifest} is damaged: it holds no object; fetch the package again")
    return content, raw


def _verify(path: Path, expected: str) -> None:
    try:
        actual = _sha256(path)
    except OSError as error:
        raise PackageError(f"{path} cannot be read ({error}); fetch the package again") from error
    if actual != expected:
        raise PackageError(
            f"{path} has SHA-256 {actual}, the manifest says {expected}; fetch the package again"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PackageError(f"{path} cannot be read: {error}; fetch the package again") from error


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
