"""Start every contestant, hold its answers against ours, then let them take turns under load."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.fitted import NUMBERS, SEED, generated_rows
from bench.part import Findings, Task
from bench.server import ROOT, Server, serving
from bench.service.contestants import ONNX, PACKAGE, WORKERS, Contestant, contestants
from bench.service.environment import make_environment
from bench.service.report import Turn, findings
from bench.wrk import find_wrk, run_wrk
from days_to_sell.errors import ScoringError
from days_to_sell.scoring.agreement import distance
from days_to_sell.scoring.package import BUNDLE, open_package
from days_to_sell.scoring.predictor import Predictor

SIZES = (1, 100)
BODIES = 64
CONNECTIONS = 8
ROUNDS = 5
SECONDS, SLOW_SECONDS, WARM_SECONDS = {1: 3, 100: 2}, {1: 4, 100: 4}, 2
Row = Mapping[str, float]


def measure(task: Task) -> Findings:
    """Make the model, start who serves it, and measure."""
    find_wrk()
    python = make_environment(task.folder.parent / "fastapi", task.report)
    task.report("fitting the model ...")
    _program(sys.executable, "bench.service.model", str(task.folder))
    bundle, onnx = task.folder / BUNDLE, task.folder / ONNX
    _program(str(python), "bench.service.programs.onnx_model", str(bundle), str(onnx))
    rows = {size: _batches(size) for size in SIZES}
    bodies = {size: _write(task.folder / f"bodies-{size}.jsonl", batches) for size, batches in rows.items()}
    turns: dict[str, list[Turn]] = {}
    with ExitStack() as stack:
        running: list[tuple[Contestant, Server]] = []
        for each in contestants(task.folder, python):
            log = task.folder / f"{each.name}.log"
            server = stack.enter_context(serving(each.command, each.variables, log, _body(rows[1][0])))
            running.append((each, server))
            if each.tolerance is not None:
                _compare(each, server, task.folder, [*rows[1], *rows[100][:2]])
            run_wrk(server.url, bodies[1], seconds=WARM_SECONDS, connections=CONNECTIONS)
            task.report(f"{each.title}: started and asked")
        for number in range(ROUNDS):
            for each, server in running:
                turns.setdefault(each.name, []).append(_turn(each, server, bodies))
            task.report(f"round {number + 1} of {ROUNDS} done")
    return findings({each.name: each for each, _ in running}, turns)


def _turn(each: Contestant, server: Server, bodies: Mapping[int, Path]) -> Turn:
    """Ask one contestant with one row and with many."""
    before = server.cpu_seconds()
    seconds = SLOW_SECONDS if each.slow else SECONDS
    single = run_wrk(server.url, bodies[1], seconds=seconds[1], connections=CONNECTIONS)
    cpu = server.cpu_seconds() - before
    batch = run_wrk(server.url, bodies[100], seconds=seconds[100], connections=CONNECTIONS)
    return Turn(single, batch, server.memory_mib() / WORKERS, 1e6 * cpu / max(single.requests, 1))


def _compare(each: Contestant, server: Server, folder: Path, batches: Sequence[Sequence[Row]]) -> None:
    """Hold its answers against the scorer's."""
    predictor = Predictor(open_package(folder / PACKAGE))
    for batch in batches[:: 16 if each.slow else 1]:
        document = json.loads(server.ask(_body(batch)))
        pairs = zip(predictor.predict(batch), document["predictions"], strict=True)
        apart = max(distance(expected, actual) for expected, actual in pairs)
        if not apart <= (each.tolerance or 0.0):
            raise ScoringError(
                f"{each.title} answers unlike the scorer, by a relative {apart:.1e}; nothing was measured"
            )


def _batches(size: int) -> list[list[Row]]:
    made = generated_rows(BODIES * size, SEED + size)
    rows: list[Row] = [{name: row[name] for name in NUMBERS} for row in made]
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _write(path: Path, batches: Sequence[Sequence[Row]]) -> Path:
    path.write_bytes(b"".join(_body(batch) + b"\n" for batch in batches))
    return path


def _body(batch: Sequence[Row]) -> bytes:
    return json.dumps({"dataframe_records": batch}).encode()


def _program(python: str, module: str, *arguments: str) -> None:
    subprocess.run([python, "-m", module, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
