"""Columns of a pipeline while it is read: who writes them, who reads them, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from days_to_sell.errors import BundleError
from days_to_sell.scoring.budget import Budget
from days_to_sell.scoring.kinds import NUMBER, STRING, Kind
from days_to_sell.scoring.plan.expressions import LabelAt, NumberIn, NumberText, TextIn
from days_to_sell.scoring.plan.plan import Value
from days_to_sell.scoring.plan.vectors import Vector, VectorIn, stored


@dataclass
class Columns:
    """The columns known so far; what is read before it is written comes from outside.

    Args:
        numbers: Columns from outside that are known to hold numbers before a node reads them as such.
        budget: What the pipeline has asked for so far.
    """

    numbers: frozenset[str] = frozenset()
    late_numbers: set[str] = field(default_factory=set)
    inputs: dict[str, Kind] = field(default_factory=dict)
    outputs: dict[str, Kind] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def kind(self, name: str) -> Kind | None:
        """Say what the column ``name`` holds; None if it comes from outside and nothing is known of it."""
        return self.outputs.get(name) or self.inputs.get(name) or (NUMBER if name in self.numbers else None)

    def read(self, name: str, kind: Kind) -> Value:
        """Give what a node reads as ``kind`` from the column ``name``.

        An indexer takes any column for text. If a later node reads a number from it, the column is one of
        ``late_numbers``: the pipeline must be read again, with that known from the start.

        Raises:
            BundleError: The column holds something else.
        """
        known = self.outputs.get(name) or self.inputs.get(name)
        if known is None or (name in self.inputs and known.accepts(kind) and not kind.accepts(known)):
            self.inputs[name] = kind
            self.values[name] = value_in(name, kind)
        elif known == STRING and name in self.inputs and NUMBER.accepts(kind) and name not in self.numbers:
            self.late_numbers.add(name)
            return value_in(name, kind)
        elif not kind.accepts(known):
            raise BundleError(f"reads column {name!r} as a {kind}, but it holds a {known}")
        return self.values[name]

    def write(self, name: str, value: Value) -> None:
        """Note what a node writes to the column ``name``.

        Raises:
            BundleError: The column exists already.
        """
        if name in self.outputs or name in self.inputs:
            raise BundleError(f"writes column {name!r}, which exists already")
        self.outputs[name], self.values[name] = kind_of(value), value


def value_in(name: str, kind: Kind) -> Value:
    """Give the value of an input column."""
    if kind.name == "vector":
        packed = VectorIn(name, kind.width)
        return packed if kind.width is None else stored(packed, kind.width)
    return TextIn(name) if kind == STRING else NumberIn(name)


def kind_of(value: Value) -> Kind:
    """Say what a column of a value holds."""
    if isinstance(value, Vector):
        return Kind("vector", value.width)
    return STRING if isinstance(value, TextIn | LabelAt | NumberText) else NUMBER
