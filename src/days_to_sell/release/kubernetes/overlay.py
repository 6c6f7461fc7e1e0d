"""The folder that `kubectl apply -k` takes: the project's manifests, and one file that names the version.

    kustomization.yaml        the version: image by digest, settings, annotations
    manifests-0123456789ab/   base, overlays and components as they were, named after their hash

The file is written last and by one rename, and names the folder. Whoever reads it at any moment gets the
version before, whole, or this one, whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import TargetError
from days_to_sell.release.images.places import split_address
from days_to_sell.release.names import deployment_name
from days_to_sell.release.project import SERVING
from days_to_sell.release.target import PREPROD, PRODUCTION
from days_to_sell.release.written import write_whole

OVERLAYS = {PREPROD: "preprod", PRODUCTION: "prod"}
KUSTOMIZATION, MANIFESTS = "kustomization.yaml", "manifests-"
READABLE = 0o644


@dataclass(frozen=True)
class Overlay:
    """A version in an environment.

    Args:
        environment: ``preprod`` or ``production``.
        model: Name of the registered model.
        version: Its version.
        package_digest: Digest of its model package.
        address: The published image, as ``repository@sha256:...``.
        variables: Environment of the service.
    """

    environment: str
    model: str
    version: str
    package_digest: str
    address: str
    variables: Mapping[str, str]

    @property
    def name(self) -> str:
        """Namespace that it is applied to, one for each model and environment."""
        return deployment_name(self.model, self.environment)

    def kustomization(self, manifests: str) -> str:
        """Write the file that names the version.

        Args:
            manifests: Folder of the manifests, beside the file.
        """
        repository, digest = split_address(self.address)
        annotations = {
            "days-to-sell/model": self.model,
            "days-to-sell/model-version": self.version,
            "days-to-sell/package-digest": self.package_digest,
        }
        # A text in JSON is one in YAML too, whatever stands in it.
        variables = [
            f"                - name: {name}\n                  value: {json.dumps(value)}"
            for name, value in sorted(self.variables.items())
        ]
        return "\n".join(
            [
                f"# Written by `days-to-sell kubernetes`: version {self.version}, proven and published.",
                "# Apply it with",
                "#   kubectl apply -k .",
                "apiVersion: kustomize.config.k8s.io/v1beta1",
                "kind: Kustomization",
                f"namespace: {self.name}",
                "resources:",
                f"  - {manifests}/overlays/{OVERLAYS[self.environment]}",
                "images:",
                "  - name: days-to-sell",
                f"    newName: {repository}",
                f"    digest: {digest}",
                "commonAnnotations:",
                *(f"  {name}: {json.dumps(value)}" for name, value in annotations.items()),
                "patches:",
                "  - patch: |-",
                "      apiVersion: apps/v1",
                "      kind: Deployment",
                "      metadata:",
                "        name: scoring",
                "      spec:",
                "        template:",
                "          spec:",
                "            containers:",
                "              - name: scoring",
                "                env:",
                *variables,
                "",
            ]
        )


def write_overlay(to: Path, project: Path, overlay: Overlay) -> Path:
    """Write a version's folder, whole or not at all; another version's in its place is replaced.

    Args:
        to: Folder that holds one folder for each model and environment.
        project: Root of the project, for its manifests.
        overlay: The version.

    Returns:
        The folder.

    Raises:
        TargetError: The project has no manifests, or the folder cannot be written.
    """
    source, folder = project / SERVING / "k8s", to / overlay.name
    if not (source / "base" / KUSTOMIZATION).is_file():
        raise TargetError(f"{source} holds no manifests; run this from a clone of the project")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifests = _bring(source, folder)
        write_whole(folder / KUSTOMIZATION, overlay.kustomization(manifests))
        # Unlike other state, this is for git and for whoever applies it.
        (folder / KUSTOMIZATION).chmod(READABLE)
        for old in folder.glob(f"{MANIFESTS}*"):
            if old.name != manifests:
                shutil.rmtree(old)
    except OSError as error:
        raise TargetError(
            f"{folder} cannot be written: {error.strerror or error}; what was there before still is"
        ) from error
    return folder


def _bring(source: Path, folder: Path) -> str:
    """Copy manifests into a folder that is named after their hash, and tell the name."""
    name = f"{MANIFESTS}{_hash(source)[:12]}"
    if (folder / name).is_dir() and _hash(folder / name) == _hash(source):
        return name
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder) as drafts:
        shutil.copytree(source, Path(drafts) / name)
        if (folder / name).exists():
            # Somebody edited it: what its name promises comes back.
            (folder / name).rename(Path(drafts) / "edited")
        (Path(drafts) / name).rename(folder / name)
    return name


def _hash(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        found.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
