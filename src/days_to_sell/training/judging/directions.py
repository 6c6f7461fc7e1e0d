"""Directions: what a fitted model says when a number is raised and everything else stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.spec import Direction, ModelSpec, Slice
from days_to_sell.training.evaluation.slices import cut
from days_to_sell.training.preparing.derive import derive

Floats = npt.NDArray[np.float64]
Tables = Mapping[str, Mapping[str, str]]
# Nobody sees a millionth of a day, and engines may differ by less.
STILL = 1e-6
LEAST_ROWS = 30
WORST = 5


@dataclass(frozen=True)
class SliceShare:
    """How many rows of a slice do not move the wrong way.

    Args:
        column, value: The slice.
        rows: Its rows.
        share: The share of them.
    """

    column: str
    value: str
    rows: int
    share: float

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"{self.share:.0%} of {self.rows:,} where {self.column} is {self.value}"


@dataclass(frozen=True)
class DirectionCheck:
    """What came of raising one number.

    Args:
        direction: What was declared.
        rows: Rows that were tried.
        share: Share of them that do not move the wrong way.
        change_days: Mean change of ``days``.
        worst: Slices with the lowest shares, lowest first, of at least thirty rows.
    """

    direction: Direction
    rows: int
    share: float
    change_days: float
    worst: tuple[SliceShare, ...]

    @property
    def kept(self) -> bool:
        """Whether enough rows, and their mean, do not move the wrong way."""
        return self.share >= self.direction.share and _sign(self.direction) * self.change_days >= -STILL

    def __str__(self) -> str:
        """Say it in one line."""
        tried = self.direction
        return (
            f"{tried.column} {tried.step:+.0%}: {self.change_days:+.1f} days on average, {self.share:.1%} of "
            f"{self.rows:,} rows not {_OTHER[tried.expect]} (at least {tried.share:.0%} are due)"
        )

    def metrics(self) -> dict[str, float]:
        """Name its figures, for a run."""
        name = f"direction_{self.direction.column}"
        return {f"{name}_share": self.share, f"{name}_change_days": self.change_days}

    def to_dict(self) -> dict[str, Any]:
        """Write it as JSON-ready values."""
        return asdict(self) | {"kept": self.kept}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> DirectionCheck:
        """Read back what :meth:`to_dict` wrote."""
        worst = tuple(SliceShare(**each) for each in raw["worst"])
        return cls(Direction(**raw["direction"]), raw["rows"], raw["share"], raw["change_days"], worst)


_OTHER = {"longer": "sooner", "sooner": "longer"}


def raised(frame: DataFrame, spec: ModelSpec, direction: Direction, tables: Tables) -> DataFrame:
    """Raise the raw column of a derived frame and derive again.

    Args:
        frame: Raw and derived columns.
        spec: The model, for its derivations.
        direction: The column, and by how much.
        tables: Looked-up column to its table.
    """
    (column,) = (each for each in spec.columns if each.name == direction.column)
    more = F.col(column.name) * F.lit(1.0 + direction.step)
    more = F.round(more) if column.type == "long" else more
    return derive(frame.drop(*spec.derivations).withColumn(column.name, more), spec, tables)


def check(
    direction: Direction, rows: pd.DataFrame, before: Floats, after: Floats, slices: Sequence[Slice] = ()
) -> DirectionCheck:
    """Compare predictions before and after a number was raised.

    Args:
        direction: What was declared.
        rows: The rows, with the columns of the slices.
        before, after: ``days`` of each row.
        slices: Where to look for what fails.
    """
    change = after - before
    right = pd.Series(_sign(direction) * change >= -STILL)
    found = [
        SliceShare(each.column, value, int(inside.sum()), float(right[inside].mean()))
        for each in slices
        for value, inside in _parts(each, rows[each.column])
        if inside.sum() >= LEAST_ROWS
    ]
    worst = sorted(found, key=lambda part: (part.share, -part.rows, part.column, part.value))[:WORST]
    return DirectionCheck(direction, len(rows), float(right.mean()), float(change.mean()), tuple(worst))


def _parts(declared: Slice, values: pd.Series) -> list[tuple[str, pd.Series]]:
    labels, names = cut(declared, values.reset_index(drop=True))
    return [(name, labels == name) for name in names]


def _sign(direction: Direction) -> int:
    return 1 if direction.expect == "longer" else -1
