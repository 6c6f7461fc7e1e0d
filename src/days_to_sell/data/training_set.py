"""Training data: built from a snapshot, named by what it was made of, with a manifest beside it.

The same inputs and the same code give the same name, so work that was done is found again. The manifest is
written last: a folder without one was interrupted, and is built anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from days_to_sell.data.code import code_commit, code_digest
from days_to_sell.data.drift import check_drift
from days_to_sell.data.lake import Snapshot, read_snapshot, rows_before
from days_to_sell.data.leaks import leak_suspects
from days_to_sell.data.places import Places, read_places
from days_to_sell.data.report import Report
from days_to_sell.data.report_page import render_page
from days_to_sell.data.shared import is_elsewhere, require_shared
from days_to_sell.data.storage import Storage
from days_to_sell.errors import DataError
from days_to_sell.models import Model
from days_to_sell.scoring.profile import Profile
from days_to_sell.spec import DURATION, OBSERVED, ROW_ID, Lookup, ModelSpec
from days_to_sell.spec.columns import ColumnType

Progress = Callable[[str], None]
# How Spark holds raw columns: numbers are doubles, whatever the lake stored.
RAW_TYPES: dict[ColumnType, str] = {
    "string": "string",
    "long": "double",
    "double": "double",
    "date": "date",
}


@dataclass(frozen=True)
class Manifest:
    """What a training set is made of.

    Args:
        model: Name of the registered model.
        folder: Name of the model folder that declares it.
        lake: Where the sources were read, for a reader who stands anywhere.
        snapshot: Day of the snapshot, ISO.
        inputs: Source name to the fingerprint of its content.
        input_rows: Source name to its number of rows.
        code_commit: Commit of the code that built it, ``-dirty`` where files differed, or ``unknown``.
        code_digest: Fingerprint of the code files that decide what comes out.
        digest: Fingerprint of the training rows.
        rows: Number of rows.
        censored: Share of rows whose sale was not seen.
    """

    model: str
    folder: str
    lake: str
    snapshot: str
    inputs: Mapping[str, str]
    input_rows: Mapping[str, int]
    code_commit: str
    code_digest: str
    digest: str
    rows: int
    censored: float


@dataclass(frozen=True)
class TrainingSet:
    """Training data that passed its checks.

    Args:
        path: Folder of the Parquet files.
        manifest: What it is made of.
        report: The integrity report.
        frame: ``row_id``, the raw columns, ``duration`` (days), ``observed``, and the group and time columns.
        tables: Looked-up column to its table, key to value.
        places: What the map of the spec's judgement is drawn from, where it declares one.
    """

    path: str
    manifest: Manifest
    report: Report
    frame: DataFrame
    tables: Mapping[str, Mapping[str, str]]
    places: Places | None = None

    @property
    def rows(self) -> str:
        """Where the rows can be read again, for a reader who stands anywhere."""
        return Storage(self.frame.sparkSession).absolute(f"{self.path}/rows")


def build_training_set(
    spark: SparkSession,
    model: Model,
    *,
    lake: str,
    target: str,
    snapshot: date | None = None,
    report: Progress = print,
    keep_report: Callable[[Report], None] = lambda checked: None,
    reference: Profile | None = None,
    accept_drift: bool = False,
) -> TrainingSet:
    """Build the training data of a model, or open it where the same was built before.

    What is in Production is no part of the data, so drift against it is looked for each time anew.

    Args:
        spark: The session.
        model: The model.
        lake: Root of the lake.
        target: Folder in which training sets are kept.
        snapshot: Day of the snapshot; the newest when not given.
        report: Takes lines of progress.
        keep_report: Takes the integrity report, green or red, before a red one halts.
        reference: Profile of the version in Production, to compare with.
        accept_drift: Whether data from another population than that is only warned of.

    Raises:
        DataError: A source cannot be read.
        IntegrityError: A check failed; the message names each with counts and samples.
    """
    found = _found_or_built(spark, model, lake, target, snapshot, report, keep_report)
    if reference is not None:
        drift = check_drift(model.spec, found.frame, reference, halts=not accept_drift)
        found = replace(found, report=found.report + drift)
    keep_report(found.report)
    report(found.report.to_summary())
    found.report.halt_if_red()
    return found


def _found_or_built(
    spark: SparkSession,
    model: Model,
    lake: str,
    target: str,
    snapshot: date | None,
    report: Progress,
    keep_report: Callable[[Report], None],
) -> TrainingSet:
    spec = model.spec
    taken = read_snapshot(spark, lake, spec.sources, snapshot)
    inputs = {name: content_of(frame) for name, frame in taken.frames.items()}
    code = code_digest((*model.code, *sorted(Path(__file__).parent.rglob("*.py"))))
    path = f"{target.rstrip('/')}/{model.folder}/{_name(taken, inputs, code)}"
    found = open_training_set(spark, path)
    if found is not None:
        report(f"training data of this lake is there already: {path}")
        return found
    if is_elsewhere(spark, lake):
        report(
            f"note: {lake} is a path; each worker of {spark.sparkContext.master} needs the same files there"
        )
    require_shared(spark, target)
    # Great Expectations takes seconds to import, and a training set that is there needs none of it.
    from days_to_sell.data.integrity import check_sources, check_training_frame

    report(f"checking {len(spec.sources)} sources at snapshot {taken.day}")
    before = rows_before(spark, lake, spec.sources, taken.day)
    typed, checked = check_sources(spec.sources, taken.frames, taken.day, before)
    try:
        if checked.green:
            made = model.training_frame(typed, taken.day).persist()
            frame = _select(spec, made)
            with Storage(spark).answering(path, "written"):
                frame.repartition(spec.partitions, ROW_ID).write.mode("overwrite").parquet(f"{path}/rows")
            rows = spark.read.parquet(f"{path}/rows")
            checked += check_training_frame(spec, rows)
            checked += leak_suspects(spec, made, rows.count())
            made.unpersist()
        if not checked.green:
            keep_report(checked)
            checked.halt_if_red()
        manifest = _manifest(model, taken, inputs, code, spark.read.parquet(f"{path}/rows"))
        if spec.judgement.place is not None:
            places = read_places(spec.judgement.place, typed[spec.judgement.place.source])
            Storage(spark).write_text(f"{path}/places.json", places.to_json())
        _write_files(Storage(spark), path, manifest, _tables(spec, typed), checked)
    finally:
        for source in typed.values():
            source.unpersist()
    report(f"training data: {manifest.rows:,} rows, {manifest.censored:.0%} censored, {path}")
    built = open_training_set(spark, path)
    if built is None:
        raise DataError(f"{path} lost its manifest while it was written; run again")
    return built


@dataclass(frozen=True)
class Content:
    """The rows of a frame in two figures: a fingerprint and how many they are."""

    digest: str
    rows: int


def content_of(frame: DataFrame) -> Content:
    """Summarise the rows of a frame, whatever their order and files: count and a sum of 64-bit row hashes."""
    columns = sorted(frame.columns)
    values = [F.col(name) for name in columns]
    # The hash passes over nulls, so without telling where they are (1, null) would equal (null, 1).
    nulls = [value.isNull() for value in values]
    summed = F.sum(F.xxhash64(*values, *nulls).cast("decimal(38,0)"))
    count, total = frame.agg(F.count("*"), summed).collect()[0]
    return Content(hashlib.sha256(f"{columns} {count} {total}".encode()).hexdigest(), int(count))


def fingerprint(frame: DataFrame) -> str:
    """Give the fingerprint of a frame's rows, whatever their order and files."""
    return content_of(frame).digest


def _name(taken: Snapshot, inputs: Mapping[str, Content], code: str) -> str:
    read = sorted((name, content.digest) for name, content in inputs.items())
    return hashlib.sha256(f"{taken.day} {read} {code}".encode()).hexdigest()[:16]


def _write_files(
    storage: Storage, path: str, manifest: Manifest, tables: Mapping[str, Mapping[str, str]], checked: Report
) -> None:
    storage.write_text(f"{path}/tables.json", json.dumps(tables, sort_keys=True))
    storage.write_text(f"{path}/integrity.json", checked.to_json())
    storage.write_text(f"{path}/integrity.txt", checked.to_table())
    storage.write_text(f"{path}/integrity.html", render_page(checked))
    storage.write_text(f"{path}/manifest.json", json.dumps(asdict(manifest), indent=1))


def open_training_set(spark: SparkSession, path: str) -> TrainingSet | None:
    """Open a training set that was built before; None if it is not there whole."""
    storage = Storage(spark)
    if not storage.exists(f"{path}/manifest.json"):
        return None
    manifest = Manifest(**json.loads(storage.read_text(f"{path}/manifest.json")))
    checked = Report.from_json(storage.read_text(f"{path}/integrity.json"))
    tables = json.loads(storage.read_text(f"{path}/tables.json"))
    kept = f"{path}/places.json"
    places = Places.from_json(storage.read_text(kept)) if storage.exists(kept) else None
    return TrainingSet(path, manifest, checked, spark.read.parquet(f"{path}/rows"), tables, places)


def _select(spec: ModelSpec, frame: DataFrame) -> DataFrame:
    """Keep what the spec names, typed; numbers are doubles whatever the lake stored."""
    missing = [name for name in (ROW_ID, DURATION, OBSERVED) if name not in frame.columns]
    missing += [column.name for column in spec.columns if column.name not in frame.columns]
    missing += [name for name in (spec.group, spec.time) if name and name not in frame.columns]
    if missing:
        raise DataError(
            f"training_frame of {spec.name!r} gives no {', '.join(missing)}; "
            f"it has {', '.join(frame.columns)}"
        )
    raw = {column.name: F.col(column.name).cast(RAW_TYPES[column.type]) for column in spec.columns}
    kept = {
        ROW_ID: F.col(ROW_ID).cast("string"),
        **raw,
        DURATION: F.col(DURATION).cast("double"),
        OBSERVED: F.col(OBSERVED).cast("double"),
        **{name: F.col(name) for name in (spec.group, spec.time) if name},
    }
    return frame.select(*[column.alias(name) for name, column in kept.items()])


def _manifest(
    model: Model, taken: Snapshot, inputs: Mapping[str, Content], code: str, rows: DataFrame
) -> Manifest:
    content = content_of(rows)
    censored = rows.agg(1 - F.avg(OBSERVED)).collect()[0][0]
    return Manifest(
        model=model.spec.name,
        folder=model.folder,
        lake=Storage(rows.sparkSession).absolute(taken.root),
        snapshot=taken.day.isoformat(),
        inputs={name: read.digest for name, read in inputs.items()},
        input_rows={name: read.rows for name, read in inputs.items()},
        code_commit=code_commit(),
        code_digest=code,
        digest=content.digest,
        rows=content.rows,
        censored=float(censored),
    )


def _tables(spec: ModelSpec, typed: Mapping[str, DataFrame]) -> dict[str, dict[str, str]]:
    """Collect the tables of the spec's lookups; they are small, for they travel in the model package."""
    tables = {}
    for name, derivation in spec.derivations.items():
        if isinstance(derivation, Lookup):
            table = typed[derivation.table].select(derivation.key, derivation.value).dropna()
            tables[name] = {str(key): str(value) for key, value in table.collect()}
    return tables
