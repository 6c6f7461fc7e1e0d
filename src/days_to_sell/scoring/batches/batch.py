"""From a plan to a function of many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from days_to_sell.scoring.batches.inputs import Absent, Array, Column, gather, read_column
from days_to_sell.scoring.batches.kernels import Kernel, kernel
from days_to_sell.scoring.kinds import Kind
from days_to_sell.scoring.plan.expressions import NumberIn, TextIn
from days_to_sell.scoring.plan.order import Expression, in_order, parts
from days_to_sell.scoring.plan.plan import Plan
from days_to_sell.scoring.plan.vectors import Applied, ForestVote, Pack, VectorIn

# Rows computed at once, fewer where vectors are wide: what is between inputs and answers stays small.
ROWS, CELLS = 2048, 1 << 22
FEWEST_ROWS = 16


@dataclass(frozen=True, eq=False)
class Step:
    """The computation of one expression.

    Args:
        place: Where the result goes.
        compute: Computes it.
        parts: Places of what it is computed from.
    """

    place: int
    compute: Kernel
    parts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Batch:
    """A plan, computed over arrays.

    It never refuses a row: it says of which rows it is not sure, because a check holds or a value is unusual.
    What it computes of those means nothing; they are to be scored one by one.

    Args:
        inputs: The columns that rows bring.
        sources: Places of input columns, with their names.
        steps: What is computed, in order.
        outputs: Place of each column that was asked for.
        checks: Places of what holds for rows that the plan refuses or drops.
        at_once: Number of rows that are computed at once.
    """

    inputs: Mapping[str, Kind]
    sources: tuple[tuple[int, str], ...]
    steps: tuple[Step, ...]
    outputs: Mapping[str, int]
    checks: tuple[int, ...]
    at_once: int

    def compute(self, rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, list[Any]], list[int]]:
        """Compute rows.

        Returns:
            For each column that was asked for its values, in the order of the rows, and the positions of the
            rows that it is not sure of, in ascending order.
        """
        answers: dict[str, list[Any]] = {column: [] for column in self.outputs}
        suspects: list[int] = []
        for start in range(0, len(rows), self.at_once):
            part = rows[start : start + self.at_once]
            found, unsure = self.compute_columns(gather(part, self.inputs), len(part))
            for column, values in found.items():
                answers[column] += values.tolist()
            suspects += [start + position for position in unsure]
        return answers, suspects

    def compute_columns(
        self, columns: Mapping[str, Column], count: int
    ) -> tuple[dict[str, Array], list[int]]:
        """Compute rows that are given by columns.

        Args:
            columns: The values of each input column: a list, an array, or for vectors a matrix with a row for
                each.
            count: Number of rows.

        Returns:
            For each column that was asked for an array of its values, for vectors a matrix with a row for
            each, and the positions of the rows that it is not sure of, in ascending order.
        """
        unsure = np.zeros(count, dtype=bool)
        found: dict[str, list[Array]] = {column: [] for column in self.outputs}
        with np.errstate(all="ignore"):
            arrays = {}
            for column, kind in self.inputs.items():
                arrays[column], suspects = read_column(columns.get(column, [Absent] * count), kind)
                unsure[suspects] = True
            for start in range(0, count or 1, self.at_once):
                part = {column: array[..., start : start + self.at_once] for column, array in arrays.items()}
                values = self._run(part)
                here = unsure[start : start + self.at_once]
                for check in self.checks:
                    here |= values[check]
                for column, place in self.outputs.items():
                    shape = (*values[place].shape[:-1], len(here))
                    found[column].append(np.broadcast_to(values[place], shape).T)
        answers = {column: np.concatenate(pieces) for column, pieces in found.items()}
        return answers, np.flatnonzero(unsure).tolist()

    def _run(self, columns: Mapping[str, Array]) -> list[Array]:
        values: list[Any] = [None] * (len(self.sources) + len(self.steps))
        for place, column in self.sources:
            values[place] = columns[column]
        for step in self.steps:
            values[step.place] = step.compute(*[values[part] for part in step.parts])
        return values


def compile_batch(plan: Plan) -> Batch:
    """Order what is computed for the columns that were asked for, and for the checks of all stages."""
    outputs: dict[str, Expression] = {}
    checks: list[Expression] = []
    for stage in plan.stages:
        checks += [check.truth for check in stage.checks]
        outputs |= stage.computed(plan.outputs)
    places: dict[int, int] = {}
    sources, steps = [], []
    cells = 0
    for place, expression in enumerate(in_order([*checks, *outputs.values()], set())):
        places[id(expression)] = place
        match expression:
            case NumberIn(column) | TextIn(column) | VectorIn(column):
                sources.append((place, column))
            case _:
                of = tuple(places[id(part)] for part in parts(expression))
                steps.append(Step(place, kernel(expression), of))
        cells += _width(expression)
    return Batch(
        inputs=plan.inputs,
        sources=tuple(sources),
        steps=tuple(steps),
        outputs={column: places[id(value)] for column, value in outputs.items()},
        checks=tuple(places[id(truth)] for truth in checks),
        at_once=max(FEWEST_ROWS, min(ROWS, CELLS // max(1, cells))),
    )


def _width(expression: Expression) -> int:
    """Give how many numbers an expression holds for each row."""
    match expression:
        case Pack(vector):
            return vector.width
        case Applied(width=width) | ForestVote(width=width):
            return width
        case VectorIn(width=width):
            return width or 1
        case _:
            return 1
