"""The golden rows of two versions, each answered by both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from days_to_sell.registry.differences.sides import Side
from days_to_sell.scoring.agreement import TOLERANCE, relative_error
from days_to_sell.scoring.engines import Engine, FindRuntime
from days_to_sell.scoring.predictor import Predictor, Refusal


@dataclass(frozen=True)
class Pair:
    """What both versions answer to one row.

    Args:
        row_id: Name of the row, with the version that has it where only one does.
        before: Days by the first; None where it refuses the row.
        after: Days by the second; None where it refuses the row.
        why: Why one refuses it; empty where both answer.
    """

    row_id: str
    before: float | None
    after: float | None
    why: str = ""

    @property
    def change(self) -> float | None:
        """Days by the second beyond those by the first."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def same(self) -> bool:
        """Whether the answers are equal within the tolerance that engines are held to, or both refuse."""
        if self.before is None or self.after is None:
            return self.before is self.after
        return relative_error(self.after, self.before) <= TOLERANCE


@dataclass(frozen=True)
class Answers:
    """What both versions answer to all rows.

    Args:
        rows: Rows that were asked.
        equal: Rows with equal answers.
        one_refuses: Rows that one of the two refuses.
        mean_change: Mean of the changes in days, over rows that both answer; None where there is none.
        largest: The rows that differ most, refused ones first.
    """

    rows: int
    equal: int
    one_refuses: int
    mean_change: float | None
    largest: tuple[Pair, ...]


def compare_answers(
    before: Side, after: Side, *, most: int, engine: Engine = "auto", runtime: FindRuntime | None = None
) -> Answers:
    """Let both versions answer the golden rows of both.

    Args:
        before: The first version.
        after: The second.
        most: How many of the largest differences to keep.
        engine: What computes the bundles.
        runtime: Finds what the JVM engine is started from, where that is taken.

    Raises:
        BundleError: A bundle cannot be read.
        EnvironmentProblem: The JVM is asked for and cannot be had.
    """
    rows = _rows(before, after)
    inputs = list(rows.values())
    answered = [
        Predictor(side.package, engine=engine, runtime=runtime).predict(inputs) for side in (before, after)
    ]
    pairs = [_pair(name, *both) for name, *both in zip(rows, *answered, strict=True)]
    changes = [pair.change for pair in pairs if pair.change is not None]
    differing = sorted((pair for pair in pairs if not pair.same), key=_by_size, reverse=True)
    return Answers(
        rows=len(pairs),
        equal=len(pairs) - len(differing),
        one_refuses=sum(pair.change is None for pair in differing),
        mean_change=fmean(changes) if changes else None,
        largest=tuple(differing[:most]),
    )


def _rows(before: Side, after: Side) -> dict[str, Mapping[str, Any]]:
    """Name every row of both; one that both have is asked once."""
    named: dict[str, Mapping[str, Any]] = {}
    shared = _written(before).keys() & _written(after).keys()
    for side in (before, after):
        for written, (row_id, row) in _written(side).items():
            named[row_id if written in shared else f"{row_id} of {side.name}"] = row
    return named


def _written(side: Side) -> dict[str, tuple[str, Mapping[str, Any]]]:
    return {
        json.dumps([row.row_id, row.input], sort_keys=True): (row.row_id, row.input)
        for row in side.package.golden
    }


def _pair(name: str, before: float | Refusal, after: float | Refusal) -> Pair:
    if isinstance(before, Refusal) or isinstance(after, Refusal):
        refusals = [answer for answer in (before, after) if isinstance(answer, Refusal)]
        numbers = [None if isinstance(answer, Refusal) else answer for answer in (before, after)]
        return Pair(name, numbers[0], numbers[1], str(refusals[0]))
    return Pair(name, before, after)


def _by_size(pair: Pair) -> float:
    return float("inf") if pair.change is None else abs(pair.change)
