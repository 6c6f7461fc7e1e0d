"""An image held against the model package in it: its labels, its variables, and the list of its contents."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound

from days_to_sell.errors import TargetError
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images import labels
from days_to_sell.release.images.order import SBOM
from days_to_sell.release.verification.archive import Archived, read_archive
from days_to_sell.release.verification.packages import Check, check_package
from days_to_sell.scoring.package import MANIFEST
from days_to_sell.settings import PREFIX

PACKAGE, LISTED = "srv/package", f"srv/{SBOM}"
# Label to what the package's manifest calls the same.
FROM_PROVENANCE = {
    labels.REVISION: "code_commit",
    labels.DATA_DIGEST: "training_data",
    labels.RUN_ID: "run_id",
}


def check_image(engine: docker.DockerClient, name: str, trusted: Path | None) -> tuple[Check, ...]:
    """Check an image that the engine has, by the bytes that it would hand on.

    Raises:
        TargetError: The engine has no such image, or does not hand it out.
    """
    with tempfile.TemporaryDirectory(prefix="days-to-sell-verify-") as scratch:
        archive = Path(scratch) / "image.tar"
        with engine_errors(f"save image {name}"):
            try:
                image = engine.images.get(name)
            except ImageNotFound as error:
                raise TargetError(
                    f"{name} is no folder, no file, and no image that the engine has; pull it, or name a file"
                ) from error
            with archive.open("wb") as out:
                out.writelines(image.save())
        return check_archive(archive, trusted)


def check_archive(path: Path, trusted: Path | None) -> tuple[Check, ...]:
    """Check an image in a file, without an engine.

    Args:
        path: What ``docker save`` wrote, or an OCI layout in a tar file.
        trusted: Keys of which one must have signed the package; None where no signature is asked for.

    Raises:
        TargetError: It is no archive of one image.
    """
    with tempfile.TemporaryDirectory(prefix="days-to-sell-verify-") as scratch:
        copies, package = Path(scratch) / "copies", Path(scratch) / "package"
        copies.mkdir()
        package.mkdir()
        image = read_archive(path, PACKAGE, (LISTED,), copies)
        for name, copy in image.files.items():
            if name.startswith(f"{PACKAGE}/"):
                shutil.move(copy, package / Path(name).name)
        return (*_whole(image), *check_package(package, trusted), *_labelled(image, package), *_listed(image))


def _whole(image: Archived) -> Iterator[Check]:
    yield Check("image", not image.problems, "; ".join(image.problems) or image.id)
    for path in image.strays:
        yield Check(f"/{path}", False, "no plain file, so what a container reads there is not the package's")


def _labelled(image: Archived, package: Path) -> Iterator[Check]:
    """Compare what the image says of itself with what it holds."""
    manifest = package / MANIFEST
    try:
        content = manifest.read_bytes()
        raw: Any = json.loads(content)
        said, model = dict(raw["provenance"]), str(raw["model"])
    except (OSError, ValueError, KeyError, TypeError):
        # That the manifest cannot be read was said before.
        return
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    expected = {labels.PACKAGE_DIGEST: digest, labels.MODEL: model}
    expected |= {label: str(said.get(key, "")) for label, key in FROM_PROVENANCE.items()}
    for label, value in expected.items():
        yield _same(f"label {label}", image.labels.get(label, ""), value)
    version = image.labels.get(labels.MODEL_VERSION, "")
    yield _same(f"{PREFIX}MODEL_VERSION", image.variables.get(f"{PREFIX}MODEL_VERSION", ""), version)
    yield _same(f"{PREFIX}PACKAGE", image.variables.get(f"{PREFIX}PACKAGE", ""), f"/{PACKAGE}")
    yield _same(f"{PREFIX}PACKAGE_DIGEST", image.variables.get(f"{PREFIX}PACKAGE_DIGEST", ""), digest)


def _listed(image: Archived) -> Iterator[Check]:
    copy = image.files.get(LISTED)
    found = hashlib.sha256(copy.read_bytes()).hexdigest() if copy else ""
    yield _same(f"label {labels.SBOM_DIGEST}", image.labels.get(labels.SBOM_DIGEST, ""), found)


def _same(subject: str, found: str, expected: str) -> Check:
    if found == expected and found:
        return Check(subject, True, found)
    return Check(
        subject, False, f"{found or 'not there'}, but the image holds {expected or 'nothing of the kind'}"
    )
