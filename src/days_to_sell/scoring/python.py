"""The engine in Python: single rows by a function written for them, many by arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from days_to_sell.scoring.answers import Answer, Row, Score, attempt, require_columns, without_dropped
from days_to_sell.scoring.kinds import Kind
from days_to_sell.scoring.plan.expressions import ForestSum
from days_to_sell.scoring.plan.order import in_order
from days_to_sell.scoring.plan.plan import Plan
from days_to_sell.scoring.plan.vectors import ForestVote
from days_to_sell.scoring.rows import compile_rows

if TYPE_CHECKING:
    from days_to_sell.scoring.batches import Batch

# Fewer rows take longer over arrays than one by one; so do rows that little is computed for.
BATCH_FROM = 32
LEAVES_FROM, WIDTH_FROM = 256, 32
# Rows held at once, whatever hands them in.
AT_ONCE = 10_000


@dataclass(frozen=True, eq=False)
class PythonBundle:
    """A bundle scored in Python, see :class:`days_to_sell.scoring.Bundle`.

    Args:
        name: Name of the bundle.
        plan: What it computes.
        arrays: Whether many rows are computed over arrays; where that pays when None.
    """

    name: str
    plan: Plan
    arrays: bool | None = None
    engine = "python"

    @property
    def inputs(self) -> Mapping[str, Kind]:
        """The columns that rows must bring."""
        return self.plan.inputs

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """The columns that are added."""
        return self.plan.outputs

    def select(self, columns: Sequence[str]) -> PythonBundle:
        """Give the bundle that adds no other columns than these."""
        require_columns(columns, self.plan.outputs)
        asked = {name: kind for name, kind in self.plan.outputs.items() if name in columns}
        return replace(self, plan=replace(self.plan, outputs=asked))

    def transform(self, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Score rows; those that the pipeline drops are left out."""
        return without_dropped(self.transform_each(rows))

    def transform_each(self, rows: Iterable[Mapping[str, Any]]) -> list[Answer]:
        """Score rows, with an answer to each: its error where it is refused, None where it is dropped."""
        answers: list[Answer] = []
        waiting = iter(rows)
        while part := list(islice(waiting, AT_ONCE)):
            many = self.arrays if self.arrays is not None else len(part) >= BATCH_FROM and self._takes_long
            answers += self._many(part) if many else map(self._attempt, part)
        return answers

    def transform_row(self, row: Mapping[str, Any]) -> Row | None:
        """Score one row; None if the pipeline drops it."""
        return self._score(row)

    def _many(self, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
        columns, unsure = self._batch.compute(rows)
        scored: list[Row] = list(map(dict, rows))
        apart = set(unsure)
        for column, values in columns.items():
            for row, value in zip(scored, values, strict=True):
                row[column] = value
        # A row that brings a column of the answer did not grow by it; to look at each for that takes longer.
        if sum(map(len, scored)) != sum(map(len, rows)) + len(columns) * len(rows):
            brought = columns.keys()
            apart.update(position for position, row in enumerate(rows) if not brought.isdisjoint(row))
        answers: list[Answer] = [*scored]
        # Only the function of single rows knows how to refuse a row, and to drop it.
        for position in apart:
            answers[position] = self._attempt(rows[position])
        return answers

    def _attempt(self, row: Mapping[str, Any]) -> Answer:
        return attempt(self._score, row)

    @cached_property
    def _score(self) -> Score:
        return compile_rows(self.plan)

    @cached_property
    def _takes_long(self) -> bool:
        """Whether a row is work enough for arrays to pay: many leaves to choose from, or a wide vector."""
        columns = (stage.computed(self.outputs) for stage in self.plan.stages)
        wanted = (expression for found in columns for expression in found.values())
        leaves = sum(
            len(each.forest.leaves)
            for each in in_order(wanted, set())
            if isinstance(each, ForestSum | ForestVote)
        )
        widest = max((kind.width or 0 for kind in self.outputs.values()), default=0)
        return leaves >= LEAVES_FROM or widest >= WIDTH_FROM

    @cached_property
    def _batch(self) -> Batch:
        # NumPy takes longer to import than many rows to score.
        from days_to_sell.scoring.batches import compile_batch

        return compile_batch(self.plan)
