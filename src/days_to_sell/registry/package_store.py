"""Model packages on S3: one prefix a package, named by its digest.

    s3://bucket/prefix/<digest>/package.json   and the other files beside it, with a signature if there is one

The manifest is put last, so a prefix without one was interrupted. The same digest means the same bytes, so
putting a package again changes nothing, and mends one that was damaged.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from days_to_sell.data.s3 import connect, reason
from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.scoring.package import MANIFEST, ModelPackage, listed_files, open_package
from days_to_sell.scoring.signature import SIGNATURE, require_signature
from days_to_sell.settings import Settings


def put_package(package: ModelPackage, location: str, *, settings: Settings | None = None) -> str:
    """Put a model package on S3.

    Args:
        package: A verified package.
        location: ``s3://bucket/prefix`` under which packages are kept.
        settings: The environment's choices; read from the environment when not given.

    Returns:
        The package's own ``s3://bucket/prefix/<digest>``, to fetch it by.

    Raises:
        PackageError: The package on disk is no longer the one that was opened.
        RegistryError: S3 refused or did not answer; the message says what to look at.
    """
    if open_package(package.root).digest != package.digest:
        raise PackageError(f"{package.root} has changed since it was opened; open it again")
    uri = f"{location.rstrip('/')}/{package.digest.removeprefix('sha256:')}"
    bucket, prefix = _parse(uri)
    client = _client(settings)
    signed = [SIGNATURE] if (package.root / SIGNATURE).is_file() else []
    for name in (*package.files, *signed, MANIFEST):
        with _translated(f"{uri}/{name}"), (package.root / name).open("rb") as content:
            client.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=content)
    return uri


def fetch_package_from_s3(uri: str, target: Path, *, settings: Settings | None = None) -> ModelPackage:
    """Fetch a model package from S3 and verify it, whole or not at all.

    Args:
        uri: What :func:`put_package` gave.
        target: Directory to become the package; it must not exist.
        settings: The environment's choices; read from the environment when not given.

    Raises:
        PackageError: The package is damaged, or not the one that its address names.
        SignatureError: Keys are trusted, and none of them signed it.
        RegistryError: S3 refused or did not answer; the message says what to look at.
    """
    bucket, prefix = _parse(uri)
    if target.exists():
        raise PackageError(f"{target} exists; choose another directory, packages are never overwritten")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        client = _client(settings)

        def fetch(name: str) -> None:
            with _translated(f"{uri}/{name}"), (draft / name).open("wb") as file:
                shutil.copyfileobj(client.get_object(Bucket=bucket, Key=f"{prefix}/{name}")["Body"], file)

        fetch(MANIFEST)
        for name in listed_files(draft):
            fetch(name)
        with _translated(f"{uri}/{SIGNATURE}"):
            signed = client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/{SIGNATURE}")["KeyCount"]
        if signed:
            fetch(SIGNATURE)
        fetched = open_package(draft)
        if fetched.digest.removeprefix("sha256:") != prefix.rpartition("/")[2]:
            raise PackageError(
                f"{uri} holds the package {fetched.digest}: another one than its address says; put it again"
            )
        require_signature(fetched, (settings or Settings.from_env()).trusted_keys)
        draft.chmod(0o755)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return open_package(target)


def _parse(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    prefix = parts.path.strip("/")
    if parts.scheme != "s3" or not parts.netloc or not prefix:
        raise RegistryError(f"{uri!r} is no place for packages; write it as s3://bucket/prefix")
    return parts.netloc, prefix


def _client(settings: Settings | None) -> Any:
    with _translated("an S3 client"):
        return connect(settings)


@contextmanager
def _translated(subject: str) -> Iterator[None]:
    """Turn what boto3 raises into one of ours, at the seam."""
    try:
        yield
    except (ClientError, BotoCoreError, ValueError) as error:
        raise RegistryError(f"{subject}: {reason(error)}") from error
