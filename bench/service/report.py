"""What the turns under load say: medians, ratios, and which targets were missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Any

from bench.part import Findings, table
from bench.service.contestants import SERVICE, Contestant
from bench.wrk import Load

FASTAPI = "fastapi_onnx"
# How many times as many requests of one row as each other; the JVM's runtime is named for comparison.
TARGETS: Mapping[str, float] = MappingProxyType(
    {"flask_noop": 1.2, "wsgi_noop": 0.75, "mlflow_spark": 1000.0, "mlflow_pyfunc": 10.0, FASTAPI: 1.0}
)
COMPARED = (*TARGETS, "mleap_jvm")
# The slowest of a hundred takes at most so many times as long as FastAPI's.
P99 = 1.5


@dataclass(frozen=True)
class Turn:
    """One contestant's turn.

    Args:
        single: Requests of one row.
        batch: Requests of a hundred rows.
        rss_mb: MiB that its processes hold, divided by the workers.
        cpu_us: Processor time of a request of one row, in microseconds.
    """

    single: Load
    batch: Load
    rss_mb: float
    cpu_us: float


def findings(names: Mapping[str, Contestant], turns: Mapping[str, Sequence[Turn]]) -> Findings:
    """Put figures, tables and missed targets together."""
    figures: dict[str, Any] = {name: _figures(each) for name, each in turns.items()}
    ratios = {f"vs_{name}": round(ratio(turns, name), 3) for name in COMPARED if name in turns}
    figures["ratio"] = ratios
    return Findings(figures, list(_lines(names, figures)), list(missed(names, turns)))


def ratio(turns: Mapping[str, Sequence[Turn]], other: str) -> float:
    """How many times as many requests of one row the service answers as another: the median of all rounds."""
    pairs = zip(turns[SERVICE], turns[other], strict=True)
    return median(ours.single.rps / theirs.single.rps for ours, theirs in pairs)


def missed(names: Mapping[str, Contestant], turns: Mapping[str, Sequence[Turn]]) -> Iterator[str]:
    """Say which targets were missed, and who answered with errors."""
    for name, each in turns.items():
        for load in (load for turn in each for load in (turn.single, turn.batch)):
            if load.errors or not load.requests:
                yield f"{names[name].title}: {load.requests} answers, errors {dict(load.errors)}"
    for name, due in TARGETS.items():
        if name in turns and (found := ratio(turns, name)) < due:
            yield f"{found:.2f} times as many requests as {names[name].title}, not {due:g} times"
    if FASTAPI in turns:
        ours, theirs = (_p99(turns[name]) for name in (SERVICE, FASTAPI))
        if ours > P99 * theirs:
            yield f"p99 is {ours:.2f} ms, more than {P99:g} times FastAPI's {theirs:.2f} ms"


def _p99(turns: Sequence[Turn]) -> float:
    return median(turn.single.p99_ms for turn in turns)


def _figures(turns: Sequence[Turn]) -> dict[str, float]:
    figures = {}
    for suffix, loads in (("", [t.single for t in turns]), ("_100", [t.batch for t in turns])):
        for name in ("rps", "p50_ms", "p90_ms", "p99_ms"):
            figures[name + suffix] = round(median(getattr(load, name) for load in loads), 3)
    figures["rss_mb"] = round(median(turn.rss_mb for turn in turns), 1)
    figures["cpu_us"] = round(median(turn.cpu_us for turn in turns), 1)
    return figures


def _lines(names: Mapping[str, Contestant], figures: Mapping[str, Any]) -> Iterator[str]:
    for rows, suffix in ((1, ""), (100, "_100")):
        header = [f"{rows} row(s) a request", "requests/s", "p50 ms", "p90 ms", "p99 ms"]
        yield from table(
            header if suffix else [*header, "MiB a worker", "CPU us"],
            [_cells(each.title, figures[name], suffix) for name, each in names.items()],
        )
        yield ""
    yield "our service, times the requests of one row of"
    yield from table(
        ("", "times", "target"),
        [
            (
                names[name].title,
                f"{figures['ratio'][f'vs_{name}']:,.2f}",
                f"{TARGETS[name]:,g}" if name in TARGETS else "",
            )
            for name in COMPARED
            if name in names
        ],
    )


def _cells(title: str, figures: Mapping[str, float], suffix: str) -> list[str]:
    cells = [title, f"{figures['rps' + suffix]:,.1f}"]
    cells += [f"{figures[name + suffix]:.2f}" for name in ("p50_ms", "p90_ms", "p99_ms")]
    return cells if suffix else [*cells, f"{figures['rss_mb']:.0f}", f"{figures['cpu_us']:,.0f}"]
