"""One engine makes the training data of one lake, in a process of its own: ``python -m bench.joins``.

A process of its own, because the most memory a process ever held is all that the system remembers of it.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb

from days_to_sell.data.lake import read_snapshot
from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import find_model
from days_to_sell.training.session import start_session

SNAPSHOT = "snapshot_date="
MIB = 2**20


@dataclass(frozen=True)
class Measured:
    """What one engine took.

    Args:
        engine: Name of the engine.
        seconds: From the files of the lake to the files of the training data.
        start_seconds: Until the engine could take work, before that.
        python_mib: Most memory that the Python process held.
        jvm_mib: Most memory that the JVM held; 0 without one, None where the system does not tell.
    """

    engine: str
    seconds: float
    start_seconds: float
    python_mib: float
    jvm_mib: float | None


def spark_joins(warm_up: Path, lake: Path, target: Path) -> Measured:
    """Join with Spark: the model's own training frame, from Parquet to Parquet."""
    model = find_model("days_to_sell")

    def join(root: Path) -> None:
        taken = read_snapshot(spark, str(root), model.spec.sources)
        model.training_frame(taken.frames, taken.day).write.mode("overwrite").parquet(str(target))

    started = time.perf_counter()
    spark = start_session("bench")
    ready = time.perf_counter()
    seconds = _second_call(join, warm_up, lake)
    return Measured("Spark", seconds, ready - started, _python_mib(), _jvm_mib(_pid_of_jvm(spark)))


def spark_step(warm_up: Path, lake: Path, target: Path) -> Measured:
    """Take the whole step with Spark: integrity checks, joins, fingerprints and manifest."""
    model = find_model("days_to_sell")

    def build(root: Path) -> None:
        build_training_set(spark, model, lake=str(root), target=str(target), report=lambda line: None)

    started = time.perf_counter()
    spark = start_session("bench")
    ready = time.perf_counter()
    seconds = _second_call(build, warm_up, lake)
    return Measured("whole step", seconds, ready - started, _python_mib(), _jvm_mib(_pid_of_jvm(spark)))


def duckdb_joins(warm_up: Path, lake: Path, target: Path) -> Measured:
    """Join with DuckDB: the same in SQL, from the same files to Parquet."""
    query = Path(__file__).with_name("joins.sql").read_text(encoding="utf-8")

    def join(root: Path) -> None:
        for source in ("adverts", "taxonomy", "valuations", "geography"):
            (folder,) = (root / source).glob(f"{SNAPSHOT}*")
            # Without this the day of the folder's name would be read as one more column.
            files = f"read_parquet('{folder}/*.parquet', hive_partitioning = false)"
            connection.sql(f"CREATE OR REPLACE VIEW {source} AS SELECT * FROM {files}")  # noqa: S608
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        day = date.fromisoformat(folder.name.removeprefix(SNAPSHOT))
        connection.execute("SET VARIABLE snapshot = ?", [day])
        written = query.replace("$snapshot", "getvariable('snapshot')")
        connection.execute(f"COPY ({written}) TO '{target}/part-0.parquet' (FORMAT parquet)")

    started = time.perf_counter()
    connection = duckdb.connect(config={"temp_directory": str(target.with_suffix(".spill"))})
    ready = time.perf_counter()
    seconds = _second_call(join, warm_up, lake)
    return Measured("DuckDB", seconds, ready - started, _python_mib(), 0.0)


ENGINES: dict[str, Callable[[Path, Path, Path], Measured]] = {
    "spark": spark_joins,
    "duckdb": duckdb_joins,
    "step": spark_step,
}


def _second_call(work: Callable[[Path], None], warm_up: Path, lake: Path) -> float:
    """Do the work once on a small lake, so that code is compiled, and time it on the one that counts."""
    work(warm_up)
    started = time.perf_counter()
    work(lake)
    return time.perf_counter() - started


def _python_mib() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (MIB if sys.platform == "darwin" else 1024)


def _pid_of_jvm(spark: object) -> int:
    return int(spark._jvm.java.lang.ProcessHandle.current().pid())  # type: ignore[attr-defined]


def _jvm_mib(pid: int) -> float | None:
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    engine, *folders = sys.argv[1:]
    print(json.dumps(asdict(ENGINES[engine](*map(Path, folders)))))
