"""``python -m bench.soak``: a day of requests, as fast as two workers answer them, and none of them wrong.

A million requests of thousands of different rows, categories that training never saw and nulls among them.
It ends with 1 where a request failed, where one in a thousand answers, which are held against the scorer, is
not the scorer's, and where the workers hold more memory at the end than after the first tenth.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import click

from bench.__main__ import keep
from bench.cars import Case, cases
from bench.part import Findings, table
from bench.server import ROOT, Server, serving
from bench.service.contestants import service_of
from bench.wrk import Load, find_wrk, run_wrk
from days_to_sell.errors import DaysToSellError
from days_to_sell.scoring.agreement import TOLERANCE, distance
from days_to_sell.scoring.package import ModelPackage, open_package

DEMO, OWN = ROOT / "build" / "demo" / "release" / "packages", "soak-model"
REQUESTS, BODIES, SAMPLE = 1_000_000, 5_000, 997
# A share of the requests goes before memory is looked at: caches fill, and the allocator finds its size.
WARM_SHARE = 20
CONNECTIONS = 8
MAX_SECONDS = 7_200
MEMORY_SECONDS = 0.2
# What a worker may hold more at the end: some 4 bytes for each of half a million requests.
MAX_GROWTH_MIB = 2.0


@dataclass(frozen=True)
class Soaked:
    """What a soak showed.

    Args:
        load: What came of the requests.
        asked: How many were to be answered.
        checked: Answers that were held against the scorer.
        wrong: Those that are not the scorer's, and replies other than 200.
        first_mib: Memory of a worker in the first tenth of the time.
        last_mib: The same in the last tenth.
    """

    load: Load
    asked: int
    checked: int
    wrong: Sequence[str]
    first_mib: float
    last_mib: float


@dataclass
class Memory:
    """Memory of each worker over time, seen by a thread."""

    seen: list[dict[int, float]] = field(default_factory=list)

    @contextmanager
    def watching(self, server: Server) -> Iterator[None]:
        """Look again and again."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(MEMORY_SECONDS):
                self.seen.append(server.workers_mib())

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self.seen.append(server.workers_mib())

    def of(self, part: slice) -> float:
        """Give the mean memory of a worker in a part of the time, in MiB."""
        return fmean(fmean(each.values()) for each in self.seen[part] if each)

    def restarted(self) -> bool:
        """Whether a worker ended."""
        return any(one.keys() != other.keys() for one, other in pairwise(self.seen))


def soak(package: ModelPackage, requests: int, folder: Path, bodies: int = BODIES) -> Soaked:
    """Serve a package with two workers and ask it.

    Args:
        package: What is served.
        requests: How often, beside the requests that warm it up.
        folder: Empty folder for files.
        bodies: Number of different requests.
    """
    find_wrk()
    found = cases(package, bodies)
    file = folder / "bodies.jsonl"
    file.write_text("".join(f"{case.body}\n" for case in found), encoding="utf-8")
    service, memory = service_of(package.root), Memory()
    with serving(service.command, service.variables, folder / "log", found[0].body.encode()) as server:
        _ask(server, file, max(requests // WARM_SHARE, 1_000), folder / "warm")
        with memory.watching(server):
            load = _ask(server, file, requests, folder / "replies")
    checked, wrong = check((folder / "replies").read_text(encoding="utf-8").splitlines(), found)
    if memory.restarted():
        wrong = [*wrong, f"a worker ended; see {folder / 'log'}"]
    tenth = max(len(memory.seen) // 10, 1)
    return Soaked(load, requests, checked, wrong, memory.of(slice(tenth)), memory.of(slice(-tenth, None)))


def check(lines: Sequence[str], found: Sequence[Case]) -> tuple[int, list[str]]:
    """Hold sampled replies against the scorer's answers.

    Args:
        lines: Status, request id and body, with tabs between, and ``end`` last.
        found: The requests, by the number in the request id.

    Returns:
        How many were looked at, and a sentence for each that is wrong.
    """
    wrong, checked = [], 0
    for line in lines:
        if line == "end":
            continue
        checked += 1
        status, name, body = line.split("\t", 2)
        place = name.removeprefix("body-")
        if status != "200" or not place.isdecimal():
            wrong.append(f"request {name!r} got {status}: {body[:200]}")
            continue
        case = found[int(place)]
        if distance(json.loads(body)["predictions"], [case.days]) > TOLERANCE:
            wrong.append(f"{case.body} got {body[:200]}, not {case.days!r}")
    return checked, wrong


def findings(soaked: Soaked) -> Findings:
    """Put figures, a table and what was missed together."""
    load, growth = soaked.load, soaked.last_mib - soaked.first_mib
    missed = [*soaked.wrong[:5]]
    if load.errors:
        missed.append(f"errors of requests: {dict(load.errors)}")
    if load.requests != soaked.asked:
        missed.append(f"{load.requests:,} answers to {soaked.asked:,} requests")
    if not soaked.checked:
        missed.append("no answer was held against the scorer; ask for more than a thousand")
    if growth > MAX_GROWTH_MIB:
        missed.append(f"a worker holds {growth:.1f} MiB more at the end, not at most {MAX_GROWTH_MIB:g}")
    figures = {
        "requests": load.requests,
        "duration_s": round(load.seconds, 1),
        "rps": round(load.rps, 1),
        **{f"{name}_ms": round(getattr(load, f"{name}_ms"), 3) for name in ("p50", "p90", "p99")},
        "errors": sum(load.errors.values()),
        "answers_checked": soaked.checked,
        "answers_wrong": len(soaked.wrong),
        "rss_first_mb": round(soaked.first_mib, 2),
        "rss_last_mb": round(soaked.last_mib, 2),
        "rss_growth_mb": round(growth, 2),
    }
    header = (
        "",
        "requests",
        "seconds",
        "requests/s",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "errors",
        "checked",
        "wrong",
    )
    cells = ["two workers", f"{load.requests:,}", f"{load.seconds:.0f}", f"{load.rps:,.0f}"]
    cells += [f"{each:.2f}" for each in (load.p50_ms, load.p90_ms, load.p99_ms)]
    cells += [str(figures["errors"]), f"{soaked.checked:,}", str(len(soaked.wrong))]
    held = f"a worker holds {soaked.first_mib:.1f} MiB in the first tenth, {soaked.last_mib:.1f} in the last"
    return Findings(figures, [*table(header, [cells]), held], missed)


def choose_package(folder: Path) -> Path:
    """Take the newest package of the demo, else make the small model of the benchmarks.

    Args:
        folder: Where that model is, or is to be.
    """
    demo = sorted(DEMO.glob("*/package.json"), key=lambda path: path.stat().st_mtime)
    if demo:
        return demo[-1].parent
    package = folder / OWN / "package"
    if not package.is_dir():
        click.echo("no package of the demo here; fitting the model of the benchmarks (a minute) ...")
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{OWN}-") as draft:
            made = Path(draft) / OWN
            made.mkdir()
            command = [sys.executable, "-m", "bench.service.model", str(made.resolve())]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            made.rename(folder / OWN)
    return package


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--requests", type=click.IntRange(min=1_000), default=REQUESTS, show_default=True)
@click.option(
    "--package",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Model package to serve; the demo's newest, or the benchmarks' own, when not given.",
)
@click.option("--build", type=click.Path(path_type=Path), default=Path("build/bench"), show_default=True)
def main(requests: int, package: Path | None, build: Path) -> None:
    """Ask the service many times, and look for errors, wrong answers and growing memory."""
    build.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        served = open_package((package or choose_package(build)).resolve())
        click.echo(f"asking {served.root.name} {requests:,} times ...")
        with tempfile.TemporaryDirectory(dir=build, prefix=".soak-") as folder:
            found = findings(soak(served, requests, Path(folder).resolve()))
    except DaysToSellError as error:
        raise click.ClickException(str(error)) from error
    keep(build / "summary.json", "soak", found, time.monotonic() - started)
    click.echo("\n".join(found.lines))
    for each in found.missed:
        click.echo(f"soak: {each}", err=True)
    sys.exit(1 if found.missed else 0)


def _ask(server: Server, bodies: Path, requests: int, replies: Path) -> Load:
    variables = {"REQUESTS": str(requests), "SAMPLE": str(SAMPLE), "REPLIES": str(replies)}
    return run_wrk(
        server.url,
        bodies,
        seconds=MAX_SECONDS,
        connections=CONNECTIONS,
        script="soak.lua",
        variables=variables,
        done=lambda: _ended(replies),
    )


def _ended(replies: Path) -> bool:
    if not replies.is_file() or replies.stat().st_size < 4:
        return False
    with replies.open("rb") as file:
        file.seek(-4, 2)
        return file.read() == b"end\n"


if __name__ == "__main__":
    main()
