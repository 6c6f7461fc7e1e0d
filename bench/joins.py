"""One engine makes the training data of one lake, in a process of its own: ``python -m bench.joins``.

A process of its own, because the most memory a process ever held is all that the system remembers of it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import SparkSession

from days_to_sell.data.lake import read_snapshot
from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import find_model
from days_to_sell.training.spark.session import start_session

SNAPSHOT = "snapshot_date="
QUERY = Path(__file__).with_name("joins.sql")


@dataclass(frozen=True)
class Measured:
    """What one engine took.

    Args:
        engine: Name of the engine.
        seconds: From the files of the lake to the files of the training data.
        start_seconds: Until the engine could take work, before that.
        python_mib: Most memory that the Python process held; None where the system does not tell.
        jvm_mib: The same of the JVM; 0 without one.
    """

    engine: str
    seconds: float
    start_seconds: float
    python_mib: float | None
    jvm_mib: float | None


def join_with_spark(spark: SparkSession, lake: Path, target: Path) -> None:
    """Write the model's own training frame, from Parquet to Parquet."""
    model = find_model("days_to_sell")
    taken = read_snapshot(spark, str(lake), model.spec.sources)
    model.training_frame(taken.frames, taken.day).write.mode("overwrite").parquet(str(target))


def join_with_duckdb(connection: duckdb.DuckDBPyConnection, lake: Path, target: Path) -> None:
    """Write the same by SQL, from the same files to Parquet."""
    for source in ("adverts", "taxonomy", "valuations", "geography"):
        (folder,) = (lake / source).glob(f"{SNAPSHOT}*")
        # Otherwise the day in the folder's name would be read as one more column.
        files = f"read_parquet('{folder}/*.parquet', hive_partitioning = false)"
        connection.execute(f"CREATE OR REPLACE VIEW {source} AS SELECT * FROM {files}")  # noqa: S608
    day = folder.name.removeprefix(SNAPSHOT)
    query = QUERY.read_text(encoding="utf-8").replace("$snapshot", f"DATE '{day}'")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    connection.execute(f"COPY ({query}) TO '{target}/part-0.parquet' (FORMAT parquet)")


def measure_spark(warm_up: Path, lake: Path, target: Path) -> Measured:
    """Measure Spark's joins."""
    started = time.perf_counter()
    spark = start_session("bench")
    ready = time.perf_counter()
    seconds = _second_call(lambda root: join_with_spark(spark, root, target), warm_up, lake)
    return Measured("Spark", seconds, ready - started, _python_mib(), _jvm_mib(spark))


def measure_step(warm_up: Path, lake: Path, target: Path) -> Measured:
    """Measure the whole step: integrity checks, Spark's joins, fingerprints and manifest."""
    model = find_model("days_to_sell")

    def build(root: Path) -> None:
        build_training_set(spark, model, lake=str(root), target=str(target), report=lambda line: None)

    started = time.perf_counter()
    spark = start_session("bench")
    ready = time.perf_counter()
    return Measured(
        "whole step", _second_call(build, warm_up, lake), ready - started, _python_mib(), _jvm_mib(spark)
    )


def measure_duckdb(warm_up: Path, lake: Path, target: Path) -> Measured:
    """Measure DuckDB's joins."""
    started = time.perf_counter()
    connection = duckdb.connect(config={"temp_directory": str(target.with_suffix(".spill"))})
    ready = time.perf_counter()
    seconds = _second_call(lambda root: join_with_duckdb(connection, root, target), warm_up, lake)
    return Measured("DuckDB", seconds, ready - started, _python_mib(), 0.0)


ENGINES: dict[str, Callable[[Path, Path, Path], Measured]] = {
    "spark": measure_spark,
    "duckdb": measure_duckdb,
    "step": measure_step,
}


def _second_call(work: Callable[[Path], None], warm_up: Path, lake: Path) -> float:
    """Do the work once on a small lake, so that code is compiled, and time it on the one that counts."""
    work(warm_up)
    started = time.perf_counter()
    work(lake)
    return time.perf_counter() - started


def _python_mib() -> float | None:
    return _most_mib(os.getpid())


def _jvm_mib(spark: SparkSession) -> float | None:
    jvm: Any = spark._jvm
    return _most_mib(jvm.java.lang.ProcessHandle.current().pid())


def _most_mib(pid: int) -> float | None:
    """Give the most memory a process held; getrusage would count what its parent held at the fork as well."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    engine, *folders = sys.argv[1:]
    print(json.dumps(asdict(ENGINES[engine](*map(Path, folders)))))
