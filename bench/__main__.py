"""``python -m bench``: run parts of the benchmarks, print what they found, keep it in a summary.

The summary holds what each part found the last time it ran: running one part leaves the others as they were.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.part import Findings, Task
from days_to_sell.cli.summaries import write_summary

PARTS = ("training_data", "accuracy", "drift", "scorer", "service")
"""Names of modules of this package, in the order in which they run."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--adverts", type=click.IntRange(min=1_000), help="Adverts of the largest lake of each part.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    help="Stock list of a dealer, for the parts that use it.",
)
@click.option(
    "--build",
    type=click.Path(path_type=Path),
    default=Path("build/bench"),
    show_default=True,
    help="Folder of summary.json and of files on the way.",
)
def main(parts: Sequence[str], adverts: int | None, data: Path | None, build: Path) -> None:
    """Run PARTS, all of them when none is named. Exits with 1 when a target was missed."""
    build.mkdir(parents=True, exist_ok=True)
    missed = []
    for name in parts or PARTS:
        click.echo(f"== {name}")
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=build, prefix=f".{name}-") as folder:
            found: Findings = importlib.import_module(f"bench.{name}").run(
                Task(Path(folder).resolve(), adverts, data, click.echo)
            )
        keep(build / "summary.json", name, found, time.monotonic() - started)
        click.echo("\n".join(("", *found.lines, "")))
        missed += [f"{name}: {target}" for target in found.missed]
    click.echo(f"summary in {build / 'summary.json'}")
    for target in missed:
        click.echo(f"target missed: {target}", err=True)
    sys.exit(1 if missed else 0)


def keep(summary: Path, part: str, found: Findings, seconds: float) -> None:
    """Put what a part found into the summary, in place of what it found before."""
    before: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else {}
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "seconds": round(seconds, 1),
        "missed": list(found.missed),
    }
    write_summary(summary, before | {part: about | dict(found.figures)})


if __name__ == "__main__":
    main()
