"""Columns of a pipeline while it is compiled: who writes them, who reads them, and what they hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from days_to_sell.errors import BundleError, ScoringError


@dataclass(frozen=True)
class Kind:
    """What a column holds.

    Args:
        name: ``number``, ``string`` or ``vector``.
        width: Length of a vector; None where any length will do.
    """

    name: str
    width: int | None = None

    def __str__(self) -> str:
        return self.name if self.width is None else f"{self.name} of {self.width}"

    def accepts(self, other: Kind) -> bool:
        """Whether a reader of this kind can read a column of kind ``other``."""
        return self == other or (self.name == other.name and self.width is None)


NUMBER, STRING, VECTOR = Kind("number"), Kind("string"), Kind("vector")


@dataclass
class Columns:
    """The columns known so far; what is read before it is written comes from outside."""

    inputs: dict[str, Kind] = field(default_factory=dict)
    outputs: dict[str, Kind] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def read(self, name: str, kind: Kind) -> None:
        """Note that a node reads ``name`` as ``kind``.

        Raises:
            BundleError: The column holds something else.
        """
        known = self.outputs.get(name) or self.inputs.get(name)
        if known is None or (name in self.inputs and known.accepts(kind)):
            self.inputs[name] = kind
        elif not kind.accepts(known):
            raise BundleError(f"reads column {name!r} as a {kind}, but it holds a {known}")

    def write(self, name: str, kind: Kind) -> None:
        """Note that a node writes ``name``.

        Raises:
            BundleError: The column exists already.
        """
        if name in self.outputs or name in self.inputs:
            raise BundleError(f"writes column {name!r}, which exists already")
        self.outputs[name] = kind


def reader(column: str, kind: Kind) -> Callable[[Any], Any]:
    """Make the function that turns a value from outside into what the pipeline computes with.

    A number becomes a float and null becomes NaN, as every engine is to see it; text and null stay.

    Args:
        column: Name of the column, for the message.
        kind: What the pipeline reads it as.
    """

    def read_number(value: Any) -> float:
        if type(value) is float:
            return value
        if value is None:
            return math.nan
        if value is not True and value is not False and isinstance(value, Real):
            try:
                return float(value)
            except OverflowError:
                raise refusal("a number that fits a double", value) from None
        raise refusal("a number or null", value)

    def read_string(value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        raise refusal("text or null", value)

    def read_vector(value: Any) -> list[float]:
        if not isinstance(value, list | tuple) or kind.width not in (None, len(value)):
            raise refusal(f"a list of {'' if kind.width is None else f'{kind.width} '}numbers", value)
        return [read_number(each) for each in value]

    def refusal(due: str, value: Any) -> ScoringError:
        return ScoringError(f"column {column!r} must hold {due}, got {value!r:.60} ({type(value).__name__})")

    return {"number": read_number, "string": read_string, "vector": read_vector}[kind.name]
