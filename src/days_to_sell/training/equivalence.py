"""Equivalence: whether a notebook and a project's run hold the same rows, told by column and row.

Frames of any size are compared in Spark; what comes to the driver are counts and a few rows to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from days_to_sell.data.training_set import fingerprint
from days_to_sell.scoring.agreement import TOLERANCE
from days_to_sell.spec import ROW_ID

SHOWN = 3
ABSENT = "absent"
NOTEBOOK, PROJECT = "notebook", "project"


@dataclass(frozen=True)
class Sample:
    """One value on which the two sides differ."""

    row_id: str
    notebook: Any
    project: Any

    def __str__(self) -> str:
        """Say it in one line."""
        return f"row {self.row_id}: notebook {self.notebook!r}, project {self.project!r}"


@dataclass(frozen=True)
class ColumnDifference:
    """A column on which the two sides differ.

    Args:
        column: Its name; ``row_id`` for rows that one side lacks.
        rows: Rows that differ in it.
        first: The first few of them, by ``row_id``.
    """

    column: str
    rows: int
    first: tuple[Sample, ...]


@dataclass(frozen=True)
class Comparison:
    """What a comparison of two frames found.

    Args:
        what: What was compared, such as ``training data``.
        rows: Number of rows of the notebook and of the project.
        digests: Fingerprints of both, where equal has to mean the same bits.
        columns: Where they differ.
    """

    what: str
    rows: tuple[int, int]
    digests: tuple[str, str] | None
    columns: tuple[ColumnDifference, ...]

    @property
    def equal(self) -> bool:
        """Whether there were rows, and the same ones on both sides."""
        same = self.digests is None or self.digests[0] == self.digests[1]
        return same and self.rows[0] == self.rows[1] > 0 and not self.columns

    def to_text(self) -> str:
        """Write it for a terminal: one line, and below it every column that differs, with rows to look at."""
        lines = [f"{self.what}: {'the same' if self.equal else 'DIFFERENT'}"]
        for side, (name, rows) in enumerate(zip((NOTEBOOK, PROJECT), self.rows, strict=True)):
            digest = f", digest {self.digests[side][:16]}" if self.digests else ""
            lines.append(f"  {name:8} {rows:,} rows{digest}")
        for each in self.columns:
            lines.append(f"  column {each.column}: {each.rows:,} rows differ")
            lines += [f"    {sample}" for sample in each.first]
        return "\n".join(lines)


def compare_frames(
    what: str, notebook: DataFrame, project: DataFrame, *, exact: bool = True, tolerance: float = TOLERANCE
) -> Comparison:
    """Compare two frames row by row on ``row_id``.

    Args:
        what: What they are, for the report.
        notebook, project: The frames, with ``row_id`` and any other columns.
        exact: Whether equal means the same bits, by digest too; else ``|a - b| <= tolerance * max(1, |b|)``
            for numbers, b being the project's.
        tolerance: Of a comparison that is not exact.
    """
    rows = (notebook.count(), project.count())
    digests = (fingerprint(notebook), fingerprint(project)) if exact else None
    types = [dict(frame.dtypes) for frame in (notebook, project)]
    names = [name for name in dict.fromkeys([*types[0], *types[1]]) if name != ROW_ID]
    shared = [name for name in names if types[0].get(name) == types[1].get(name)]
    joined = _join(notebook, project, shared)
    differs = {ROW_ID: F.col(NOTEBOOK).isNull() | F.col(PROJECT).isNull()}
    for name in shared:
        close = not exact and types[0][name] == "double"
        differs[name] = ~differs[ROW_ID] & _differs(name, tolerance if close else None)
    found = [
        ColumnDifference(name, count, _first(joined, name, differs[name]))
        for name, count in _counts(joined, differs).items()
        if count
    ]
    parted = [_other_type(name, types, max(rows)) for name in names if name not in shared]
    return Comparison(what, rows, digests, (*found, *parted))


def _join(notebook: DataFrame, project: DataFrame, names: Sequence[str]) -> DataFrame:
    # A row that one side lacks is null as a whole; a value that is null stays one within its struct.
    sides = [
        frame.select(ROW_ID, F.struct(ROW_ID, *names).alias(side))
        for frame, side in ((notebook, NOTEBOOK), (project, PROJECT))
    ]
    return sides[0].join(sides[1], ROW_ID, "full_outer").cache()


def _differs(name: str, tolerance: float | None) -> Column:
    ours, theirs = F.col(f"{NOTEBOOK}.`{name}`"), F.col(f"{PROJECT}.`{name}`")
    if tolerance is None:
        return ~ours.eqNullSafe(theirs)
    far = F.abs(ours - theirs) > tolerance * F.greatest(F.lit(1.0), F.abs(theirs))
    return ~ours.eqNullSafe(theirs) & F.coalesce(far, F.lit(True))


def _counts(joined: DataFrame, differs: dict[str, Column]) -> dict[str, int]:
    sums = [F.sum(condition.cast("long")).alias(name) for name, condition in differs.items()]
    (row,) = joined.agg(*sums).collect()
    return {name: int(row[name] or 0) for name in differs}


def _first(joined: DataFrame, name: str, differs: Column) -> tuple[Sample, ...]:
    sides = [F.col(f"{side}.`{name}`").alias(side) for side in (NOTEBOOK, PROJECT)]
    rows = joined.where(differs).orderBy(ROW_ID).select(ROW_ID, *sides).limit(SHOWN).collect()
    absent = ABSENT if name == ROW_ID else None
    return tuple(
        Sample(
            str(row[ROW_ID]), *(absent if row[side] is None else row[side] for side in (NOTEBOOK, PROJECT))
        )
        for row in rows
    )


def _other_type(name: str, types: Sequence[dict[str, str]], rows: int) -> ColumnDifference:
    return ColumnDifference(name, rows, (Sample("any", *(each.get(name, ABSENT) for each in types)),))
