"""One side of a comparison: a model package, with the metrics of the run that made it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from days_to_sell.errors import RegistryError
from days_to_sell.registry.versions import ModelVersion, Registry, translated
from days_to_sell.scoring.package import MANIFEST, ModelPackage, open_package


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Args:
        name: What people call it.
        package: The verified package.
        metrics: What its run measured, by name; empty where no run was asked.
        note: Why there are no metrics; empty where there are.
    """

    name: str
    package: ModelPackage
    metrics: Mapping[str, float]
    note: str = ""

    @property
    def bundle_bytes(self) -> int:
        """Size of the bundle."""
        return self.package.bundle.stat().st_size

    @property
    def package_bytes(self) -> int:
        """Size of the package, without a signature."""
        names = (*self.package.files, MANIFEST)
        return sum((self.package.root / name).stat().st_size for name in names)


def side_of_version(registry: Registry, client: MlflowClient, version: ModelVersion, target: Path) -> Side:
    """Fetch a registered version.

    Args:
        registry: Where its package is.
        client: Where its run is.
        version: The version.
        target: Directory to become the package; it must not exist.

    Raises:
        RegistryError: The version has no package, or it cannot be downloaded.
        PackageError: The package is damaged.
    """
    name = f"{version.model} version {version.version}"
    package = registry.fetch_package(version, target)
    try:
        with translated(f"run {version.run_id} of {name}"):
            metrics = client.get_run(version.run_id).data.metrics
    except RegistryError as error:
        # A run may have been deleted; what is in the package can be compared all the same.
        return Side(name, package, {}, f"metrics of {name} are not known: {error}")
    return Side(name, package, {key: value for key, value in metrics.items() if math.isfinite(value)})


def side_of_folder(root: Path) -> Side:
    """Open a package that lies in a folder.

    Raises:
        PackageError: It is damaged.
    """
    return Side(str(root), open_package(root), {}, f"metrics of {root} are not known: a folder has no run")
