"""The lake: one folder a source, one partition a snapshot, Parquet or CSV.

<root>/<source>/snapshot_date=2025-06-30/part-0.parquet
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from days_to_sell.data.storage import Storage
from days_to_sell.errors import DataError
from days_to_sell.spec import Source, Volume

PARTITION = "snapshot_date="


@dataclass(frozen=True)
class Snapshot:
    """The sources of a model as they were on one day.

    Args:
        root: The lake.
        day: Day of the snapshot, at which what has not happened yet is censored.
        frames: Source name to its frame, as stored (the columns of a CSV are all text).
    """

    root: str
    day: date
    frames: Mapping[str, DataFrame]


@dataclass(frozen=True)
class SnapshotRows:
    """How many rows a source had in a snapshot."""

    day: date
    rows: int


def read_snapshot(
    spark: SparkSession, root: str, sources: Sequence[Source], day: date | None = None
) -> Snapshot:
    """Open the sources of a lake at one snapshot.

    Args:
        spark: The session.
        root: A local folder or ``s3a://bucket/prefix``.
        sources: What to open.
        day: The snapshot; the newest that every source has when not given.

    Raises:
        DataError: A source is absent or has no such snapshot; the message says what was expected where.
    """
    storage = Storage(spark)
    root = root.rstrip("/")
    days = {source.name: _days(storage, f"{root}/{source.name}") for source in sources}
    for name, found in days.items():
        if not found:
            raise DataError(
                f"source {name!r} is not in the lake: expected {root}/{name}/{PARTITION}YYYY-MM-DD/ "
                "with Parquet or CSV files"
            )
    shared = set.intersection(*(set(found) for found in days.values()))
    chosen = day or max(shared, default=None)
    if chosen is None or chosen not in shared:
        known = "; ".join(f"{name}: {', '.join(map(str, found))}" for name, found in days.items())
        wanted = f"snapshot {chosen}" if chosen else "snapshot in common"
        raise DataError(f"the sources in {root} have no {wanted}; they have {known}")
    frames = {
        source.name: _read(spark, storage, f"{root}/{source.name}/{PARTITION}{chosen}") for source in sources
    }
    return Snapshot(root, chosen, frames)


def rows_before(
    spark: SparkSession, root: str, sources: Sequence[Source], day: date
) -> Mapping[str, SnapshotRows]:
    """Count the rows of each source in the last snapshot before a day.

    Args:
        spark: The session.
        root: The lake.
        sources: Those that declare a volume are counted.
        day: The snapshot that is to be compared.

    Returns:
        Source name to day and rows; sources without an earlier snapshot are left out.
    """
    storage = Storage(spark)
    found = {}
    for source in sources:
        folder = f"{root.rstrip('/')}/{source.name}"
        earlier = [each for each in _days(storage, folder) if each < day]
        if earlier and any(isinstance(check, Volume) for check in source.checks):
            last = max(earlier)
            found[source.name] = SnapshotRows(
                last, _read(spark, storage, f"{folder}/{PARTITION}{last}").count()
            )
    return found


def _days(storage: Storage, folder: str) -> list[date]:
    days = []
    for name in storage.names(folder):
        if name.startswith(PARTITION):
            try:
                days.append(date.fromisoformat(name.removeprefix(PARTITION)))
            except ValueError as error:
                raise DataError(f"{folder}/{name} is no snapshot: name it {PARTITION}YYYY-MM-DD") from error
    return days


def _read(spark: SparkSession, storage: Storage, folder: str) -> DataFrame:
    files = [name for name in storage.names(folder) if not name.startswith(("_", "."))]
    kinds = {name.rsplit(".", 1)[-1] for name in files}
    if kinds == {"parquet"}:
        return spark.read.parquet(folder)
    if kinds == {"csv"}:
        return spark.read.option("header", True).option("escape", '"').csv(folder)
    raise DataError(f"{folder} holds {sorted(kinds) or 'no files'}; a source is Parquet files or CSV files")
