"""Single objects on S3, whole in either direction: transfers that go wrong are mended where they can be.

botocore asks again for what was refused in passing. What it does not mend is a body: a connection that is cut
while an object arrives, a server that stops in the middle, bytes that changed on the way. Here a body goes on
where it was cut, as long as the object is the same, and what has another digest than it should is fetched
once more.
"""

from __future__ import annotations

import base64
import hashlib
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from days_to_sell.data.s3 import Patience, reason
from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.registry.progress import Progress

Report = Callable[[str], None]
CHUNK, PART = 1 << 16, 16 << 20
# An attempt that brought as much was not in vain: a large object may be cut more often than a small one.
FRUIT = 1 << 20
# A body that ends before its time, in botocore's words.
_CUT = (HTTPClientError, IncompleteReadError)
# The object was replaced since its first bytes came, or has become shorter than what is here.
_CHANGED = {"PreconditionFailed", "412", "InvalidRange", "416"}


@dataclass
class _Arriving:
    """An object as far as it is here."""

    file: BinaryIO
    progress: Progress
    etag: str = ""
    vain: int = 0

    def begin_anew(self) -> None:
        """Forget what came."""
        self.file.seek(0)
        self.file.truncate()
        self.etag, self.vain = "", self.vain + 1


@dataclass(frozen=True)
class Objects:
    """The objects of one bucket.

    Args:
        client: A client with the same patience.
        bucket: Name of the bucket.
        patience: How long to wait, and how often to ask again.
        report: Takes one line of progress.
        pause: Waits.
    """

    client: Any
    bucket: str
    patience: Patience = field(default_factory=Patience)
    report: Report = lambda line: None
    pause: Callable[[float], None] = time.sleep

    def put(self, path: Path, key: str, sha256: str) -> None:
        """Put a file; S3 itself compares the digest, and takes nothing else.

        Args:
            path: The file.
            key: Where to.
            sha256: What the file's bytes have to give, in hexadecimal digits.

        Raises:
            RegistryError: S3 refused or did not answer.
        """
        size = path.stat().st_size
        with translated(self._uri(key)), path.open("rb") as content:
            if size <= PART:
                checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
                self.client.put_object(
                    Bucket=self.bucket, Key=key, Body=content, ContentLength=size, ChecksumSHA256=checksum
                )
                return
            progress = Progress(f"putting {path.name}", size, self.report)
            self.client.upload_fileobj(
                content,
                self.bucket,
                key,
                # Of several parts S3 compares each; together they are compared when they are fetched.
                ExtraArgs={"ChecksumAlgorithm": "SHA256"},
                Callback=progress.more,
                Config=TransferConfig(multipart_threshold=PART, multipart_chunksize=PART),
            )

    def fetch(self, key: str, target: Path, sha256: str = "") -> None:
        """Fetch an object into a file, on the disk when this returns.

        Args:
            key: Which object.
            target: The file to write; what it has become is undefined if this raises.
            sha256: What its bytes have to give; any bytes will do where it is empty.

        Raises:
            PackageError: It is damaged: the bytes that lie there, or all that arrived of them.
            RegistryError: S3 refused or did not answer.
        """
        found: list[str] = []
        for _ in range(self.patience.attempts):
            with translated(self._uri(key)):
                self._fetch(key, target)
            found.append(_sha256(target))
            if not sha256 or found[-1] == sha256:
                return
            if found[-1] in found[:-1]:
                # What changes on the way changes otherwise the next time.
                break
            self.report(f"{self._uri(key)} arrived with SHA-256 {found[-1]}; fetching it again")
        where = (
            "it is damaged there; put the package again"
            if len(set(found)) < len(found)
            else ("it arrives otherwise each time; look at what stands between this machine and S3")
        )
        raise PackageError(f"{self._uri(key)} has SHA-256 {found[-1]} where {sha256} is due: {where}")

    def read(self, key: str) -> bytes:
        """Read a small object.

        Raises:
            RegistryError: S3 refused or did not answer.
        """
        with translated(self._uri(key)):
            content: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            return content

    def listed(self, prefix: str) -> list[dict[str, Any]]:
        """List the objects under a prefix, as S3 describes them.

        Raises:
            RegistryError: S3 refused or did not answer.
        """
        with translated(self._uri(prefix)):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [each for page in pages for each in page.get("Contents", ())]

    def _fetch(self, key: str, target: Path) -> None:
        with target.open("wb") as file:
            arriving = _Arriving(file, Progress(f"fetching {target.name}", 0, self.report))
            while not self._goes_on(key, arriving):
                wait = min(0.5 * 2**arriving.vain, self.patience.longest)
                self.pause(wait * random.uniform(0.5, 1.0))  # noqa: S311 - nothing is kept secret by it
            file.flush()
            os.fsync(file.fileno())

    def _goes_on(self, key: str, arriving: _Arriving) -> bool:
        """Ask for what is missing, and tell whether it came; a refusal passes through."""
        at = arriving.file.tell()
        rest = {"Range": f"bytes={at}-", "IfMatch": arriving.etag} if at else {}
        try:
            reply = self.client.get_object(Bucket=self.bucket, Key=key, **rest)
        except ClientError as error:
            if not at or str(error.response["Error"]["Code"]) not in _CHANGED:
                raise
            arriving.begin_anew()
            return False
        arriving.etag, arriving.progress.total = reply["ETag"], at + int(reply["ContentLength"])
        try:
            for chunk in reply["Body"].iter_chunks(CHUNK):
                arriving.file.write(chunk)
                arriving.progress.more(len(chunk))
        except FlexibleChecksumError as error:
            # The digest that S3 sent along is not that of what came.
            self._in_vain(key, arriving, error)
            arriving.begin_anew()
            return False
        except _CUT as error:
            come = arriving.file.tell() - at
            self.report(f"{self._uri(key)} was cut after {at + come} bytes; going on from there")
            if come < FRUIT:
                self._in_vain(key, arriving, error)
                arriving.vain += 1
            return False
        return True

    def _in_vain(self, key: str, arriving: _Arriving, error: BotoCoreError) -> None:
        if arriving.vain + 1 >= self.patience.attempts:
            raise RegistryError(
                f"{self._uri(key)} does not arrive whole: {reason(error)}, and at what stands between"
            ) from error

    def _uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Turn what boto3 raises into one of ours, at the seam.

    Raises:
        RegistryError: S3 refused or did not answer.
    """
    try:
        yield
    except (ClientError, BotoCoreError, ValueError) as error:
        raise RegistryError(f"{subject}: {reason(error)}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
