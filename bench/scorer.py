"""Part ``scorer``: bundles scored in Python, beside MLeap's own runtime in the same process through JPype."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.engines import BATCHES, COLUMN, ENGINES, Speed
from bench.fitted import FITS, SEED, generated_rows, write_rows
from bench.part import Findings, Task, table
from days_to_sell.scoring.agreement import TOLERANCE
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.settings import Settings
from days_to_sell.training.spark.mleap_runtime import find_runtime

# The smallest bundle of trees, whose cold start stands for all.
FIRST = "gbt_20x5"
# 20 trees that are 5 deep.
COMPARISONS = 100
# What a row costs that meets no tree: it is read, some arithmetic is done, and its answer is put together.
WITHOUT_TREES = "aft"
ROWS = 100_000
COLD_STARTS = 7
# How many times as fast as the JVM: single rows of every bundle, of the first; batches of 1,000; cold starts.
EVERY, SMALL, BATCH, COLD = 3.0, 10.0, 5.0, 10.0


@dataclass(frozen=True)
class Cold:
    """What a new process takes.

    Args:
        ms: Until its first answer, from its start on.
        mib: Memory that it holds after a thousand more.
    """

    ms: float
    mib: float


@dataclass(frozen=True)
class Found:
    """One bundle, scored by both engines.

    Args:
        speed: How fast each is.
        cold: What a new process takes with each.
        max_rel_error: Largest relative error between their answers.
    """

    speed: Mapping[str, Speed]
    cold: Mapping[str, Cold]
    max_rel_error: float

    @property
    def ratio(self) -> float:
        """How many times as fast Python is with single rows."""
        return self.speed["jvm"].single_us / self.speed["python"].single_us

    @property
    def batch_ratios(self) -> tuple[float, ...]:
        """How many times as fast Python is with batches of each size."""
        pairs = zip(self.speed["python"].batch_rows_s, self.speed["jvm"].batch_rows_s, strict=True)
        return tuple(python / jvm for python, jvm in pairs)

    @property
    def cold_ratio(self) -> float:
        """How many times as soon Python gives its first answer."""
        return self.cold["jvm"].ms / self.cold["python"].ms


def run(task: Task) -> Findings:
    """Fit the bundles, measure both engines on each, and say which targets were missed."""
    runtime = find_runtime(Settings.from_env())
    with subprocess.Popen(
        [sys.executable, "-m", "bench.fitted", str(task.folder)], stdout=subprocess.PIPE, text=True
    ) as fitting:
        assert fitting.stdout is not None  # noqa: S101
        for line in fitting.stdout:
            task.report(line.rstrip())
    if fitting.returncode:
        raise subprocess.CalledProcessError(fitting.returncode, fitting.args)
    rows = task.folder / "rows.jsonl"
    write_rows(rows, generated_rows(ROWS, SEED + 1))
    return findings({name: _measure(task, name, rows, runtime) for name in FITS})


def findings(found: Mapping[str, Found]) -> Findings:
    """Put figures, tables and missed targets together."""
    figures: dict[str, Any] = {name: _figures(each) for name, each in found.items()}
    figures["cold_start_ms"] = figures[FIRST]["cold_start_ms"] | {"bundle": FIRST}
    lines = [*_speeds(found), "", _profile(found[FIRST], found[WITHOUT_TREES]), "", *_starts(found)]
    return Findings(
        figures, lines, [sentence for name, each in found.items() for sentence in missed(name, each)]
    )


def missed(name: str, found: Found) -> Iterator[str]:
    """Say which targets a bundle misses."""
    targets = (
        ("single rows", found.ratio, SMALL if name == FIRST else EVERY),
        (f"batches of {BATCHES[0]:,}", found.batch_ratios[0], BATCH),
        ("cold start", found.cold_ratio, COLD),
    )
    for what, ratio, due in targets:
        if ratio < due:
            yield f"{name}: {what} {ratio:.1f} times as fast as the JVM, not {due:g} times"
    if found.max_rel_error > TOLERANCE:
        yield f"{name}: answers differ by a relative {found.max_rel_error:.1e}"


def _measure(task: Task, name: str, rows: Path, runtime: JvmRuntime) -> Found:
    bundle = task.folder / f"{name}.zip"
    done = subprocess.run(
        [sys.executable, "-m", "bench.engines", str(bundle), str(rows)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=_environment(),
    )
    read = json.loads(done.stdout.splitlines()[-1])
    speed = {
        engine: Speed(read[engine]["single_us"], tuple(read[engine]["batch_rows_s"])) for engine in ENGINES
    }
    starts: dict[str, list[Cold]] = {engine: [] for engine in ENGINES}
    for _ in range(COLD_STARTS):
        for engine in ENGINES:
            starts[engine].append(_cold_start(engine, bundle, rows, runtime))
    cold = {
        engine: Cold(median(each.ms for each in taken), median(each.mib for each in taken))
        for engine, taken in starts.items()
    }
    found = Found(speed, cold, read["max_rel_error"])
    task.report(
        f"{FITS[name].title}: single rows {found.ratio:.1f}, cold start {found.cold_ratio:.1f} times as fast"
    )
    return found


def _cold_start(engine: str, bundle: Path, rows: Path, runtime: JvmRuntime) -> Cold:
    command = [sys.executable, "-m", "bench.cold", engine, str(bundle), str(rows), COLUMN]
    command += [str(runtime.java_home), *map(str, runtime.jars)]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        assert process.stdout is not None  # noqa: S101
        answered = process.stdout.readline()
        seconds = time.perf_counter() - started
        held = process.stdout.readline()
    if process.returncode or answered.strip() != "answered":
        raise subprocess.CalledProcessError(process.returncode, command[:6])
    return Cold(1e3 * seconds, float(held))


def _environment() -> dict[str, str]:
    """Leave out what would make any JVM of this machine another than the one that is measured."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
    }


def _figures(found: Found) -> dict[str, Any]:
    python, jvm = (found.speed[engine] for engine in ENGINES)
    return {
        "python_us": round(python.single_us, 3),
        "jvm_us": round(jvm.single_us, 3),
        "ratio": round(found.ratio, 2),
        "batch_python_rows_s": round(python.batch_rows_s[0]),
        "batch_jvm_rows_s": round(jvm.batch_rows_s[0]),
        "batch_ratio": round(found.batch_ratios[0], 2),
        f"batch_{BATCHES[1]}_python_rows_s": round(python.batch_rows_s[1]),
        f"batch_{BATCHES[1]}_jvm_rows_s": round(jvm.batch_rows_s[1]),
        "cold_start_ms": {engine: round(cold.ms, 1) for engine, cold in found.cold.items()},
        "memory_mib": {engine: round(cold.mib, 1) for engine, cold in found.cold.items()},
        "max_rel_error": found.max_rel_error,
    }


def _speeds(found: Mapping[str, Found]) -> Iterator[str]:
    yield f"column {COLUMN!r} alone; rows/s of batches of {BATCHES[0]:,} and of {BATCHES[1]:,}"
    header = ["", "Python us", "JVM us", "times"]
    for _ in BATCHES:
        header += ["Python rows/s", "JVM rows/s", "times"]
    yield from table(header, [_speed_cells(name, each) for name, each in found.items()])


def _speed_cells(name: str, found: Found) -> Sequence[str]:
    python, jvm = (found.speed[engine] for engine in ENGINES)
    cells = [FITS[name].title, f"{python.single_us:.2f}", f"{jvm.single_us:.2f}", f"{found.ratio:.1f}"]
    for mine, theirs, ratio in zip(python.batch_rows_s, jvm.batch_rows_s, found.batch_ratios, strict=True):
        cells += [f"{mine:,.0f}", f"{theirs:,.0f}", f"{ratio:.1f}"]
    return cells


def _profile(first: Found, without_trees: Found) -> str:
    """Say where the time of a single row goes: across the border, or into trees."""
    python, jvm = (first.speed[engine].single_us for engine in ENGINES)
    plain, crossing = (without_trees.speed[engine].single_us for engine in ENGINES)
    comparison = 1e3 * (python - plain) / COMPARISONS
    due = 1e3 * (jvm / SMALL - plain) / COMPARISONS
    return (
        f"A row without trees takes {plain:.2f} us in Python and {crossing:.2f} us through JPype. The "
        f"smallest forest adds {python - plain:.2f} us in Python, {comparison:.0f} ns for each of about "
        f"{COMPARISONS} comparisons; {SMALL:g} times as fast as the JVM would leave {due:.0f} ns for one."
    )


def _starts(found: Mapping[str, Found]) -> Iterator[str]:
    yield f"a new process until its first answer, median of {COLD_STARTS}; memory after a thousand more"
    header = ("", "Python ms", "JVM ms", "times", "Python MiB", "JVM MiB")
    rows = []
    for name, each in found.items():
        python, jvm = (each.cold[engine] for engine in ENGINES)
        cells = [
            f"{python.ms:.0f}",
            f"{jvm.ms:.0f}",
            f"{each.cold_ratio:.1f}",
            f"{python.mib:.0f}",
            f"{jvm.mib:.0f}",
        ]
        rows.append((FITS[name].title, *cells))
    yield from table(header, rows)
