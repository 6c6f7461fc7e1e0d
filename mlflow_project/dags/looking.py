"""Looking for a snapshot in a lake, in a folder or on S3, without Spark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from days_to_sell.data.s3 import connect, reason
from days_to_sell.errors import DataError

PARTITION, MARKER, UNFINISHED = "snapshot_date=", "_SUCCESS", "_temporary"
ENDINGS = (".parquet", ".csv")


@dataclass(frozen=True)
class Seen:
    """What lies in the folder of a snapshot.

    Args:
        files: Name to size in bytes, of all that lies there.
    """

    files: tuple[tuple[str, int], ...]

    @property
    def data(self) -> int:
        """Number of data files."""
        return sum(name.endswith(ENDINGS) and not name.startswith(("_", ".")) for name, _ in self.files)

    @property
    def marked(self) -> bool:
        """Whether whoever wrote it says that it is whole, as Spark does."""
        return self.data > 0 and any(name == MARKER for name, _ in self.files)

    def settled(self, before: Seen | None) -> bool:
        """Tell whether it is whole: marked so, or the same as at the look before, with nobody at work."""
        at_work = any(name.startswith(UNFINISHED) for name, _ in self.files)
        return self.marked or (self.data > 0 and not at_work and self == before)


def look(lake: str, source: str, day: str) -> Seen:
    """List the snapshot of a source; one that is not there has no files.

    Args:
        lake: A local folder or ``s3a://bucket/prefix``.
        source: Name of the source.
        day: Day of the snapshot, ISO.

    Raises:
        DataError: The lake did not answer or refused.
    """
    folder = f"{lake.rstrip('/')}/{source}/{PARTITION}{day}"
    if urlsplit(lake).scheme in ("s3", "s3a"):
        return _look_at_s3(folder)
    try:
        found = list(Path(folder).iterdir()) if Path(folder).is_dir() else []
        return Seen(tuple(sorted((entry.name, entry.stat().st_size) for entry in found)))
    except OSError as error:
        raise DataError(f"{folder} cannot be listed: {error}") from error


def _look_at_s3(folder: str) -> Seen:
    parts = urlsplit(folder)
    prefix = f"{parts.path.lstrip('/')}/"
    try:
        pages = connect().get_paginator("list_objects_v2").paginate(Bucket=parts.netloc, Prefix=prefix)
        keys = [(each["Key"], each["Size"]) for page in pages for each in page.get("Contents", ())]
    except (ClientError, BotoCoreError, ValueError) as error:
        raise DataError(f"{folder} cannot be listed: {reason(error)}") from error
    return Seen(tuple(sorted((key.removeprefix(prefix), size) for key, size in keys if key != prefix)))
