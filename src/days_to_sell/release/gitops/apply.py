"""Deploying what a repository says: the reconcile step, with a file in the place of the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from days_to_sell.errors import DeploymentError, RegistryError
from days_to_sell.release.gitops.record import MAX_BYTES, Record, read_record
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.key import Key
from days_to_sell.release.machine.past import Past
from days_to_sell.release.machine.place import place_of
from days_to_sell.release.outcome import Release
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.target import Report, Target
from days_to_sell.scoring.engines import FindRuntime
from days_to_sell.scoring.package import ModelPackage, require_digest

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion

Fetch = Callable[[Record, Path], ModelPackage]


@dataclass(frozen=True)
class RecordedVersions:
    """What a release needs of a registry, from a record: Production is what the record says.

    Args:
        record: The record.
        fetch: Fetches its package.
    """

    record: Record
    fetch: Fetch

    def production(self, model: str, serving: str | None = None) -> ModelVersion | None:
        """Give the version that the record names, whatever serves."""
        return self.version(model, self.record.version)

    def version(self, model: str, version: str) -> ModelVersion:
        """Give that version; a record knows of no other."""
        from days_to_sell.registry.versions import ModelVersion

        if (model, version) != (self.record.model, self.record.version):
            raise RegistryError(f"{self.record.path} says nothing of version {version} of {model}")
        return ModelVersion(model, version, self.record.run, {})

    def put_in_production(self, version: ModelVersion) -> None:
        """Refuse: a commit does that."""
        raise RegistryError(
            f"{self.record.path} decides what is in Production; revert or make a commit there"
        )

    def bring_along(self, version: ModelVersion) -> None:
        """Do nothing: there are no stage and alias that could part."""

    def fetch_package(self, version: ModelVersion, target: Path) -> ModelPackage:
        """Fetch the package that the record names, and hold it to the digest.

        Raises:
            PackageError: It is damaged, or another one.
        """
        package = self.fetch(self.record, target)
        require_digest(package, self.record.package.digest)
        return package

    def tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        """Do nothing: there is nowhere to show them."""


def read_file(path: Path) -> Record:
    """Read a record from a checkout.

    Raises:
        DeploymentError: It cannot be read, or is none.
    """
    try:
        if path.is_symlink() or not path.is_file():
            raise DeploymentError(f"{path} is no plain file; name one such as models/days-to-sell.json")
        with path.open("rb") as file:
            return read_record(file.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise DeploymentError(f"{path} cannot be read: {error.strerror}") from error


def require_places(record: Record, packages: str, images: str) -> None:
    """Make sure that what a record names lies where this place takes things from.

    Args:
        record: The record.
        packages: ``s3://bucket/prefix``; empty takes any.
        images: Image registry and path; empty takes any.

    Raises:
        DeploymentError: It lies elsewhere.
    """
    if packages and not record.package.address.startswith(f"{packages.rstrip('/')}/"):
        raise DeploymentError(
            f"{record.path}: package.address {record.package.address} is not under {packages}, from where "
            "alone packages are taken here (DAYS_TO_SELL_PACKAGES)"
        )
    if images and record.image and not record.image.startswith(f"{images.rstrip('/')}/"):
        raise DeploymentError(
            f"{record.path}: image {record.image} is not under {images}, from where alone images are taken "
            "here (DAYS_TO_SELL_IMAGE_REGISTRY)"
        )


def apply_record(
    record: Record,
    target: Target,
    fetch: Fetch,
    *,
    workspace: Path,
    report: Report,
    aides: Aides,
    runtime: FindRuntime | None = None,
) -> Release:
    """Make a target serve what a record says, or leave what serves as it is.

    The way is that of every release: proven by the bundle, in pre-production, in production, and at the
    public address; a failure brings back what served. What was released here before, with these very bytes,
    comes back from what was kept, and leaves pre-production out.

    Args:
        record: What is to serve.
        target: What serves.
        fetch: Fetches the package.
        workspace: Directory for packages and state.
        report: Takes one line of progress.
        aides: Who stands beside the release; its gates are not asked.
        runtime: Finds what the JVM engine is started from, where that is taken.

    Raises:
        LeaseError: Another program releases this model here.
        DaysToSellError: The version was refused, or something failed.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    known = Past.read(aides.log, record.model, place_of(workspace)).release_of(record.version)
    proven = known is not None and known.digest == record.package.digest
    return reconcile(
        RecordedVersions(record, fetch),
        record.model,
        target,
        workspace=workspace,
        report=report,
        engine="jvm" if record.engine == "jvm" else "python",
        runtime=runtime,
        aides=replace(aides, admit=_Committed(record), proven_before=proven),
    )


@dataclass(frozen=True)
class _Committed:
    """The door of a place that is deployed to by git: the gates were asked before the commit was made."""

    record: Record

    def __call__(self, version: ModelVersion, key: Key, report: Report) -> None:
        promoted = self.record.promoted
        if promoted:
            report(f"version {version.version} was promoted by {promoted.by} at {promoted.at}")
