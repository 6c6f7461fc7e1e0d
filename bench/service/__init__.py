"""Part ``service``: the scoring service beside what it replaces and what people pick instead."""

from __future__ import annotations

from bench.part import Findings, Task


def run(task: Task) -> Findings:
    """Measure and compare; the machine should have nothing else to do."""
    # FastAPI's program is of this package too, and its environment has nothing of what is imported here.
    from bench.service.part import measure

    return measure(task)
