"""The first answer of a new process: ``python -m bench.cold ENGINE BUNDLE ROWS``.

It imports what a process needs to score with one engine, and nothing else. A line tells when the first answer
is there, and on what memory; a second one what memory it took to answer more.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from days_to_sell.scoring import Bundle

MORE_ROWS = 1_000


def load(engine: str, path: str, java_home: str, jars: list[str]) -> Bundle:
    """Load a bundle as a service does."""
    if engine == "python":
        from days_to_sell.scoring import load_bundle

        return load_bundle(path)
    from days_to_sell.scoring.jvm import JvmRuntime, load_in_jvm

    return load_in_jvm(path, JvmRuntime(Path(java_home), tuple(map(Path, jars))))


def held_mib() -> float:
    """Give the memory that this process holds; NaN where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    return int(lines["VmRSS"].split()[0]) / 1024


def main(engine: str, path: str, rows_file: str, column: str, java_home: str, *jars: str) -> None:
    """Answer the first row, then some more."""
    with Path(rows_file).open(encoding="utf-8") as lines:
        first = json.loads(next(lines))
        bundle = load(engine, path, java_home, list(jars)).select([column])
        bundle.transform_row({name: first[name] for name in bundle.inputs})
        print("answered", flush=True)
        for _, line in zip(range(MORE_ROWS), lines, strict=False):
            row = json.loads(line)
            bundle.transform_row({name: row[name] for name in bundle.inputs})
    print(held_mib(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
