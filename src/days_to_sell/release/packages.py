"""Fetched model packages, kept in the workspace so that what served before can be served again."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from days_to_sell.errors import PackageError, TargetError
from days_to_sell.release.names import short, slug
from days_to_sell.scoring.durable import sync_folder, sync_tree
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.scoring.signature import SIGNATURE, require_signature

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion

SHELF, DRAFT = "packages", ".draft-"
# No download takes as long; what is older was left by a program that was killed.
DRAFT_SECONDS = 24 * 3600.0


class Versions(Protocol):
    """What a release needs of the registry."""

    def production(self, model: str, serving: str | None = None) -> ModelVersion | None:
        """Find the version in Production, given the one that serves; ``None`` where there is none."""

    def version(self, model: str, version: str) -> ModelVersion:
        """Look a version up."""

    def put_in_production(self, version: ModelVersion) -> None:
        """Make stage and alias name the version, both, whatever they named before."""

    def bring_along(self, version: ModelVersion) -> None:
        """Move stage or alias after the other, where a person moved only one of them to the version."""

    def fetch_package(self, version: ModelVersion, target: Path) -> ModelPackage:
        """Download a version's model package to ``target`` and verify it."""

    def tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        """Set tags on a version."""


def fetch_package(registry: Versions, version: ModelVersion, workspace: Path) -> ModelPackage:
    """Fetch a version's package into the workspace, whole or not at all, even if the machine fails.

    Raises:
        PackageError: It is damaged, or belongs to another model.
        RegistryError: The registry does not hand it out.
        TargetError: The workspace does not take it.
    """
    shelf = workspace / SHELF
    with _room_on(shelf):
        shelf.mkdir(parents=True, exist_ok=True)
        _sweep(shelf)
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=shelf) as drafts:
            fetched = registry.fetch_package(version, Path(drafts) / "package")
            if fetched.model != version.model:
                raise PackageError(
                    f"version {version.version} of {version.model} holds a package of {fetched.model}; "
                    "register the run again under its own model"
                )
            kept = _place(shelf, version.model, version.version, fetched.digest)
            if not _holds(kept, fetched.digest):
                sync_tree(fetched.root)
                if kept.exists():
                    # Whoever dies between the two moves leaves no package there, rather than half of one.
                    kept.rename(Path(drafts) / "damaged")
                fetched.root.rename(kept)
                sync_folder(shelf)
            elif (fetched.root / SIGNATURE).is_file():
                # No part of the digest: the version may have been signed since it was kept.
                (fetched.root / SIGNATURE).replace(kept / SIGNATURE)
    return open_package(kept)


def kept_package(
    model: str, version: str, digest: str, workspace: Path, trusted_keys: Path | None = None
) -> ModelPackage | None:
    """Find a version's package in the workspace, whole; ``None`` where it is not there.

    Raises:
        SignatureError: Keys are trusted, and none of them signed it.
    """
    kept = _place(workspace / SHELF, model, version, digest)
    if not digest or not _holds(kept, digest):
        return None
    package = open_package(kept)
    require_signature(package, trusted_keys)
    return package


def folder_of(model: str, version: str, digest: str, workspace: Path) -> Path | None:
    """Name the folder of a version's package, whole or not; ``None`` where there is none."""
    folder = _place(workspace / SHELF, model, version, digest)
    return folder if folder.is_dir() else None


def drop_package(folder: Path) -> None:
    """Remove a package's folder; at no moment half of a package has its name.

    Raises:
        TargetError: The file system does not let go of it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=folder.parent) as drafts:
            folder.rename(Path(drafts) / "dropped")
    except OSError as error:
        raise TargetError(f"{folder} cannot be removed: {_said(error)}") from error


def _place(shelf: Path, model: str, version: str, digest: str) -> Path:
    return shelf / f"{slug(model)}-{version}-{short(digest)}"


def _holds(kept: Path, digest: str) -> bool:
    try:
        return open_package(kept).digest == digest
    except PackageError:
        return False


@contextmanager
def _room_on(shelf: Path) -> Iterator[None]:
    """Turn what the file system refuses into one of ours: what serves does not need it and serves on."""
    try:
        yield
    except OSError as error:
        raise TargetError(
            f"{shelf} takes no model package: {_said(error)}; make room there, or mend it, and "
            "the release goes on"
        ) from error


def _said(error: OSError) -> str:
    # A copy of a whole folder fails with a list of what failed within.
    inner = error.args[0] if isinstance(error, shutil.Error) and error.args else None
    return str(inner[0][-1]) if isinstance(inner, list) and inner else error.strerror or str(error)


def _sweep(shelf: Path) -> None:
    """Remove what killed programs left half done."""
    for draft in shelf.glob(f"{DRAFT}*"):
        if time.time() - draft.stat().st_mtime > DRAFT_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)
