"""A plan: what a pipeline computes, stage by stage, and what it refuses."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from days_to_sell.scoring.kinds import Kind
from days_to_sell.scoring.plan.expressions import Number, Text, Truth
from days_to_sell.scoring.plan.vectors import Packed, Vector

# A packed vector stands alone only where its width is not known before a row is.
Value: TypeAlias = Number | Text | Vector | Packed


@dataclass(frozen=True, eq=False)
class Check:
    """What a stage does with a row that it cannot answer.

    Args:
        truth: Holds for such a row.
        message: Why it is refused; ``{}`` stands for ``value``. None drops the row instead.
        value: The offending value.
    """

    truth: Truth
    message: str | None = None
    value: Number | Text | None = None


@dataclass(frozen=True, eq=False)
class Stage:
    """One node of the pipeline.

    Args:
        name: Name of the node, unique in its pipeline.
        op: MLeap's name of its operator.
        inputs: The columns that it reads.
        outputs: The columns that it writes, with what they hold.
        checks: What it refuses, in the order in which it looks.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: Mapping[str, Value]
    checks: tuple[Check, ...] = ()

    def computed(self, columns: Container[str]) -> dict[str, Number | Text | Packed]:
        """Give what computes those of its columns that are asked for; a vector is put into a list."""
        return {
            column: value.packed() if isinstance(value, Vector) else value
            for column, value in self.outputs.items()
            if column in columns
        }


@dataclass(frozen=True, eq=False)
class Plan:
    """A pipeline, ready to be computed.

    Args:
        inputs: The columns that rows must bring, in the order the pipeline reads them.
        stages: The nodes, in order, pipelines inside pipelines laid flat.
        outputs: The columns that are asked for, in the order the pipeline writes them.
    """

    inputs: Mapping[str, Kind]
    stages: tuple[Stage, ...]
    outputs: Mapping[str, Kind] = field(default_factory=dict)
