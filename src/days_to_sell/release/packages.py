"""Fetched model packages, kept in the workspace so that what served before can be served again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from days_to_sell.errors import PackageError
from days_to_sell.release.names import short, slug
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.scoring.signature import SIGNATURE

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion


class Versions(Protocol):
    """What a release needs of the registry."""

    def production(self, model: str, serving: str | None = None) -> ModelVersion | None:
        """Find the version in Production, given the one that serves; ``None`` where there is none."""

    def align(self, version: ModelVersion) -> None:
        """Make stage and alias name the version, both, where a person moved only one of them."""

    def fetch_package(self, version: ModelVersion, target: Path) -> ModelPackage:
        """Download a version's model package to ``target`` and verify it."""

    def tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        """Set tags on a version."""


def fetch_package(registry: Versions, version: ModelVersion, workspace: Path) -> ModelPackage:
    """Fetch a version's package into the workspace, whole or not at all.

    Raises:
        PackageError: It is damaged, or belongs to another model.
        RegistryError: The registry does not hand it out.
    """
    shelf = workspace / "packages"
    shelf.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=shelf) as drafts:
        fetched = registry.fetch_package(version, Path(drafts) / "package")
        if fetched.model != version.model:
            raise PackageError(
                f"version {version.version} of {version.model} holds a package of {fetched.model}; "
                "register the run again under its own model"
            )
        kept = shelf / f"{slug(version.model)}-{version.version}-{short(fetched.digest)}"
        if not _holds(kept, fetched.digest):
            shutil.rmtree(kept, ignore_errors=True)
            fetched.root.rename(kept)
        elif (fetched.root / SIGNATURE).is_file():
            # No part of the digest: the version may have been signed since it was kept.
            (fetched.root / SIGNATURE).replace(kept / SIGNATURE)
    return open_package(kept)


def _holds(kept: Path, digest: str) -> bool:
    try:
        return open_package(kept).digest == digest
    except PackageError:
        return False
