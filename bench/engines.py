"""Both engines take turns at one bundle, in a process of its own: ``python -m bench.engines``.

In turns, so that what slows the machine for a while slows them both; of all turns the median counts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.agreement import distance
from days_to_sell.settings import Settings
from days_to_sell.training.spark.mleap_runtime import find_runtime

COLUMN = "prediction"
SINGLE_ROWS, BATCHES = 1_000, (1_000, 100_000)
SINGLE_TURNS, BATCH_TURNS = 25, (25, 3)
# What a JVM compiles, it compiles after some ten thousand calls.
WARM_ROWS = 30_000
ENGINES = ("python", "jvm")


@dataclass(frozen=True)
class Speed:
    """How fast one engine was.

    Args:
        single_us: Microseconds for a row that comes alone.
        batch_rows_s: Rows a second, for batches of each size.
    """

    single_us: float
    batch_rows_s: Sequence[float]


def measure(bundles: dict[str, Bundle], rows: Sequence[dict[str, Any]]) -> dict[str, Speed]:
    """Let engines take turns at single rows and at batches."""
    for bundle in bundles.values():
        for row in islice(cycle(rows), WARM_ROWS):
            bundle.transform_row(row)
    few = rows[:SINGLE_ROWS]
    single = _turns({name: _single(bundle, few) for name, bundle in bundles.items()}, SINGLE_TURNS)
    batches = []
    for size, turns in zip(BATCHES, BATCH_TURNS, strict=True):
        part = list(islice(cycle(rows), size))
        batches.append(_turns({name: _batch(bundle, part) for name, bundle in bundles.items()}, turns))
    return {
        name: Speed(
            1e6 * single[name] / len(few),
            tuple(size / found[name] for size, found in zip(BATCHES, batches, strict=True)),
        )
        for name in bundles
    }


def largest_distance(bundles: dict[str, Bundle], rows: Sequence[dict[str, Any]]) -> float:
    """Give the largest relative error between the engines' answers: what is measured is the same work."""
    answers = [bundle.transform(rows) for bundle in bundles.values()]
    return max(distance(one[COLUMN], other[COLUMN]) for one, other in zip(*answers, strict=True))


def _single(bundle: Bundle, rows: Sequence[dict[str, Any]]) -> Callable[[], None]:
    def run() -> None:
        transform = bundle.transform_row
        for row in rows:
            transform(row)

    return run


def _batch(bundle: Bundle, rows: Sequence[dict[str, Any]]) -> Callable[[], object]:
    return lambda: bundle.transform(rows)


def _turns(work: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Give the median of the seconds that each takes, after a turn that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(turns + 1):
        for name, run in work.items():
            started = time.perf_counter()
            run()
            if turn:
                taken[name].append(time.perf_counter() - started)
    return {name: median(seconds) for name, seconds in taken.items()}


def main(path: Path, rows_file: Path) -> None:
    """Print what was measured as JSON."""
    runtime = find_runtime(Settings.from_env())
    bundles: dict[str, Bundle] = {
        "python": load_bundle(path).select([COLUMN]),
        "jvm": load_bundle(path, engine="jvm", runtime=runtime).select([COLUMN]),
    }
    with rows_file.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [{name: row[name] for name in bundles["python"].inputs} for row in rows]
    apart = largest_distance(bundles, rows[:SINGLE_ROWS])
    speeds = {name: asdict(speed) for name, speed in measure(bundles, rows).items()}
    print(json.dumps({"max_rel_error": apart, **speeds}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
