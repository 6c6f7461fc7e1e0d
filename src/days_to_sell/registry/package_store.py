"""Model packages on S3: one prefix a package, named by its digest.

    s3://bucket/prefix/<digest>/package.json   and the other files beside it, with a signature if there is one

The manifest is put last, so a prefix without one was interrupted. The same digest means the same bytes, so
putting a package again changes nothing, and mends one that was damaged.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from days_to_sell.data.s3 import Patience, connect
from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.registry.objects import Objects, Report, translated
from days_to_sell.scoring.durable import sync_folder
from days_to_sell.scoring.package import MANIFEST, ModelPackage, listed_digests, open_package
from days_to_sell.scoring.signature import SIGNATURE, require_signature
from days_to_sell.settings import Settings

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredPackage:
    """A package as it lies on S3.

    Args:
        address: Its ``s3://bucket/prefix/<digest>``.
        digest: ``sha256:`` and the digest.
        model: Name of the registered model; empty where its manifest is missing or is another one's.
        run_id: Run that logged it; likewise.
        signed: Whether there is a signature, by whatever key.
        put_at: When its manifest, or else its newest file, was put.
        size: Bytes of all its files.
    """

    address: str
    digest: str
    model: str
    run_id: str
    signed: bool
    put_at: datetime
    size: int

    @property
    def whole(self) -> bool:
        """Whether its manifest is there and is the one that its address names."""
        return bool(self.model)


def address_of(location: str, digest: str) -> str:
    """Name the place of a package below a location.

    Raises:
        RegistryError: The location is none, or the digest is none.
    """
    found = digest.removeprefix("sha256:")
    _parse(location)
    if not DIGEST.fullmatch(found):
        raise RegistryError(f"{digest!r:.100} is no digest; write it as sha256: and 64 hexadecimal digits")
    return f"{location.rstrip('/')}/{found}"


def put_package(
    package: ModelPackage,
    location: str,
    *,
    settings: Settings | None = None,
    report: Report = lambda line: None,
    patience: Patience | None = None,
) -> str:
    """Put a model package on S3.

    Args:
        package: A verified package.
        location: ``s3://bucket/prefix`` under which packages are kept.
        settings: The environment's choices; read from the environment when not given.
        report: Takes one line of progress.
        patience: How long S3 is waited for.

    Returns:
        The package's own ``s3://bucket/prefix/<digest>``, to fetch it by.

    Raises:
        PackageError: The package on disk is no longer the one that was opened.
        RegistryError: S3 refused or did not answer; the message says what to look at.
    """
    if open_package(package.root).digest != package.digest:
        raise PackageError(f"{package.root} has changed since it was opened; open it again")
    uri = address_of(location, package.digest)
    objects, prefix = _objects(uri, settings, patience, report)
    digests = listed_digests(package.root)
    if (package.root / SIGNATURE).is_file():
        digests[SIGNATURE] = hashlib.sha256((package.root / SIGNATURE).read_bytes()).hexdigest()
    for name, sha256 in (*digests.items(), (MANIFEST, package.digest.removeprefix("sha256:"))):
        objects.put(package.root / name, f"{prefix}/{name}", sha256)
    return uri


def fetch_package_from_s3(
    uri: str,
    target: Path,
    *,
    settings: Settings | None = None,
    report: Report = lambda line: None,
    patience: Patience | None = None,
) -> ModelPackage:
    """Fetch a model package from S3 and verify it, whole or not at all, even if the machine fails.

    The digest in the address verifies the manifest before anything in it is believed, and the manifest each
    file.

    Args:
        uri: What :func:`put_package` gave.
        target: Directory to become the package; it must not exist.
        settings: The environment's choices; read from the environment when not given.
        report: Takes one line of progress.
        patience: How long S3 is waited for.

    Raises:
        PackageError: The package is damaged, or not the one that its address names.
        SignatureError: Keys are trusted, and none of them signed it.
        RegistryError: S3 refused or did not answer; the message says what to look at.
    """
    objects, prefix = _objects(uri, settings, patience, report)
    digest = prefix.rpartition("/")[2]
    if not DIGEST.fullmatch(digest):
        raise RegistryError(
            f"{uri} names no package; write it as s3://bucket/prefix/ and 64 hexadecimal digits"
        )
    if target.exists():
        raise PackageError(f"{target} exists; choose another directory, packages are never overwritten")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        objects.fetch(f"{prefix}/{MANIFEST}", draft / MANIFEST, digest)
        for name, sha256 in listed_digests(draft).items():
            objects.fetch(f"{prefix}/{name}", draft / name, sha256)
        if objects.listed(f"{prefix}/{SIGNATURE}"):
            objects.fetch(f"{prefix}/{SIGNATURE}", draft / SIGNATURE)
        require_signature(open_package(draft), (settings or Settings.from_env()).trusted_keys)
        draft.chmod(0o755)
        sync_folder(draft)
        draft.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return open_package(target)


def stored_packages(location: str, *, settings: Settings | None = None) -> list[StoredPackage]:
    """List the packages under a location, the newest first, and what an interrupted put left there.

    Raises:
        RegistryError: S3 refused or did not answer; the message says what to look at.
    """
    objects, prefix = _objects(location, settings, None, lambda line: None)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for each in objects.listed(f"{prefix}/"):
        digest, _, name = str(each["Key"]).removeprefix(f"{prefix}/").partition("/")
        if DIGEST.fullmatch(digest) and name:
            found.setdefault(digest, {})[name] = each
    packages = [
        _stored(objects, f"{location.rstrip('/')}/{digest}", files) for digest, files in found.items()
    ]
    return sorted(packages, key=lambda package: package.put_at, reverse=True)


def _stored(objects: Objects, address: str, files: dict[str, dict[str, Any]]) -> StoredPackage:
    digest, size = address.rpartition("/")[2], sum(int(each["Size"]) for each in files.values())
    model, run_id = "", ""
    if MANIFEST in files:
        content = objects.read(str(files[MANIFEST]["Key"]))
        if hashlib.sha256(content).hexdigest() == digest:
            manifest = json.loads(content)
            model, run_id = str(manifest["model"]), str(manifest["provenance"].get("run_id", ""))
    newest = max(each["LastModified"] for each in files.values())
    put_at = files[MANIFEST]["LastModified"] if MANIFEST in files else newest
    return StoredPackage(address, f"sha256:{digest}", model, run_id, SIGNATURE in files, put_at, size)


def _objects(
    uri: str, settings: Settings | None, patience: Patience | None, report: Report
) -> tuple[Objects, str]:
    """Open the bucket of an address, and give the prefix in it."""
    bucket, prefix = _parse(uri)
    patience = patience or Patience()
    with translated("an S3 client"):
        client = connect(settings, patience.config)
    return Objects(client, bucket, patience, report), prefix


def _parse(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    prefix = parts.path.strip("/")
    if parts.scheme != "s3" or not parts.netloc or not prefix or parts.query or parts.fragment:
        raise RegistryError(f"{uri!r} is no place for packages; write it as s3://bucket/prefix")
    return parts.netloc, prefix
