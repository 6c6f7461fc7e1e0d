"""Part ``training_data``: how the step from lake to training data grows, beside DuckDB on the same files."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import duckdb

from bench.joins import Measured
from bench.part import Findings, Task, table
from days_to_sell.models import find_model

SIZES = (100_000, 1_000_000)
ROUNDS = (3, 2)
WARM_UP = 5_000
GROWTH = 1.1
"""Largest exponent of the time over the number of adverts that is called linear."""

LINEAR = 0.9
"""Smallest exponent of which the same can be said."""

NAMES = {"spark": "Spark, joins", "duckdb": "DuckDB, joins", "step": "Spark, whole step"}


@dataclass(frozen=True)
class Size:
    """One size of the market.

    Args:
        adverts: Cars offered.
        rounds: How often each engine was measured.
        rows: Rows of the training data.
        differing: Rows that the two engines do not share.
        measured: Engine to what it took in each round.
    """

    adverts: int
    rounds: int
    rows: int
    differing: int
    measured: Mapping[str, Sequence[Measured]]

    def seconds(self, engine: str) -> float:
        """Give the median time of an engine."""
        return median(each.seconds for each in self.measured[engine])


def run(task: Task) -> Findings:
    """Measure every size, and say how time grows, what memory is needed and which engine wins."""
    warm_up = _lake(task, WARM_UP)
    sizes = []
    for adverts, rounds in _plan(task.adverts):
        lake = _lake(task, adverts)
        sizes.append(_measure(task, warm_up, lake, adverts, rounds))
    exponents = {engine: growth(sizes, engine) for engine in NAMES} if len(sizes) > 1 else {}
    missed = [
        f"{NAMES[engine]} grows with exponent {exponents[engine]:.2f} over {GROWTH}"
        for engine in ("spark", "step")
        if exponents.get(engine, 0) > GROWTH
    ]
    missed += [
        f"{size.differing} rows of {size.adverts:,} adverts differ between Spark and DuckDB"
        for size in sizes
        if size.differing
    ]
    figures = {
        "growth_exponent": exponents,
        "sizes": [asdict(size) | {"seconds": {name: size.seconds(name) for name in NAMES}} for size in sizes],
    }
    return Findings(figures, [*_table(sizes), "", *_sentences(sizes, exponents)], missed)


def _plan(largest: int | None) -> list[tuple[int, int]]:
    """Choose sizes and rounds: the usual two, and what is asked for beyond them, or it alone below them."""
    usual = [pair for pair in zip(SIZES, ROUNDS, strict=True) if largest is None or pair[0] <= largest]
    return usual if largest is None or largest in SIZES else [*usual, (largest, 1)]


def _lake(task: Task, adverts: int) -> Path:
    started = time.perf_counter()
    lake = task.folder / f"lake-{adverts}"
    find_model("days_to_sell").write_example_lake(lake, data=None, adverts=adverts, seed=20)
    task.report(f"lake of {adverts:,} adverts generated in {time.perf_counter() - started:.1f} s")
    return lake


def _measure(task: Task, warm_up: Path, lake: Path, adverts: int, rounds: int) -> Size:
    """Let the engines take turns, so that what slows the machine for a while slows them all."""
    measured: dict[str, list[Measured]] = {engine: [] for engine in NAMES}
    for number in range(1, rounds + 1):
        for engine in NAMES:
            target = task.folder / f"{engine}-{adverts}-{number}"
            one = _in_a_process(engine, warm_up, lake, target)
            measured[engine].append(one)
            task.report(
                f"{adverts:,} adverts, round {number} of {rounds}: {NAMES[engine]} {one.seconds:.1f} s"
            )
    made = {engine: task.folder / f"{engine}-{adverts}-{rounds}" for engine in ("spark", "duckdb")}
    return Size(adverts, rounds, *compare(made["spark"], made["duckdb"]), measured)


def _in_a_process(engine: str, *folders: Path) -> Measured:
    done = subprocess.run(
        [sys.executable, "-m", "bench.joins", engine, *map(str, folders)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def compare(one: Path, other: Path) -> tuple[int, int]:
    """Count the rows of two tables, and those that are not in both, whatever their order."""
    with duckdb.connect(config={"temp_directory": str(one.with_suffix(".spill"))}) as connection:
        for name, folder in (("one", one), ("other", other)):
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder}/*.parquet'")  # noqa: S608
        columns = ", ".join(sorted(row[0] for row in connection.execute("DESCRIBE one").fetchall()))
        described = connection.execute("DESCRIBE other").fetchall()
        if columns != ", ".join(sorted(row[0] for row in described)):
            raise ValueError(f"the engines give other columns: {columns} and {described}")
        counts = connection.execute(
            f"""SELECT (SELECT count(*) FROM one),
                (SELECT count(*) FROM (SELECT {columns} FROM one EXCEPT ALL SELECT {columns} FROM other))
              + (SELECT count(*) FROM (SELECT {columns} FROM other EXCEPT ALL SELECT {columns} FROM one))"""  # noqa: S608
        ).fetchone()
    assert counts is not None  # noqa: S101
    return counts[0], counts[1]


def growth(sizes: Sequence[Size], engine: str) -> float:
    """Give the exponent of the time between the smallest and the largest size."""
    first, last = sizes[0], sizes[-1]
    return math.log(last.seconds(engine) / first.seconds(engine)) / math.log(last.adverts / first.adverts)


def _table(sizes: Sequence[Size]) -> list[str]:
    header = ("", "adverts", "rounds", "seconds", "adverts/s", "JVM MiB", "Python MiB", "start s")
    rows = []
    for size in sizes:
        for engine, name in NAMES.items():
            rounds = size.measured[engine]
            rows.append(
                (
                    name,
                    f"{size.adverts:,}",
                    str(size.rounds),
                    f"{size.seconds(engine):.2f}",
                    f"{size.adverts / size.seconds(engine):,.0f}",
                    _most([each.jvm_mib for each in rounds]),
                    _most([each.python_mib for each in rounds]),
                    f"{median(each.start_seconds for each in rounds):.1f}",
                )
            )
    return table(header, rows)


def _most(mib: Sequence[float | None]) -> str:
    known = [each for each in mib if each is not None]
    return f"{max(known):,.0f}" if known else "?"


def _sentences(sizes: Sequence[Size], exponents: Mapping[str, float]) -> list[str]:
    said = [
        f"{size.adverts:,} adverts: {size.rows:,} rows, {size.differing} of them differ between the engines; "
        f"{_winner(size)}."
        for size in sizes
    ]
    for engine, exponent in exponents.items():
        said.append(f"{NAMES[engine]}: time grows with adverts to the power of {exponent:.2f}.")
    if exponents and min(exponents.values()) < LINEAR:
        said.append(
            f"An exponent well below 1 says that what every run costs, whatever its size, weighs at "
            f"{sizes[0].adverts:,} adverts still; it is no promise for sizes beyond {sizes[-1].adverts:,}."
        )
    return [*said, crossing(sizes, exponents)] if exponents else said


def _winner(size: Size) -> str:
    ratio = size.seconds("spark") / size.seconds("duckdb")
    fast, slow, times = ("DuckDB", "Spark", ratio) if ratio > 1 else ("Spark", "DuckDB", 1 / ratio)
    return f"{fast} is {times:.1f} times as fast as {slow}"


def crossing(sizes: Sequence[Size], exponents: Mapping[str, float]) -> str:
    """Say from which size the slower engine would win, were both to grow on as they did."""
    last = sizes[-1]
    behind, closing = last.seconds("spark") / last.seconds("duckdb"), exponents["duckdb"] - exponents["spark"]
    if behind <= 1:
        return "Spark wins at the largest size measured."
    if closing <= 0:
        return "DuckDB wins at every size measured, and Spark does not gain on it on one machine."
    power = math.log10(last.adverts) + math.log10(behind) / closing
    if power > 9:
        return "DuckDB wins at every size measured; Spark gains on it too slowly to matter on one machine."
    return (
        f"DuckDB wins at every size measured; grown on alike, Spark would draw level at about "
        f"{10**power:,.0f} adverts (an extrapolation, not a measurement)."
    )
