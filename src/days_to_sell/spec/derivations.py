"""Derivations: the closed set of columns computed before the exported pipeline starts.

No exportable Spark stage computes them, so each is declared here once and carried out twice: on Spark
frames by ``training.preparing.derive``, on Python rows by ``scoring.derive``. A missing operand makes the
result missing: NaN for a number, null for a looked-up text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from days_to_sell.errors import SpecError
from days_to_sell.spec.columns import NUMERIC_TYPES, ColumnType


@dataclass(frozen=True)
class Ratio:
    """``numerator / denominator``; missing where the denominator is zero."""

    numerator: str
    denominator: str


@dataclass(frozen=True)
class Difference:
    """``minuend - subtrahend``."""

    minuend: str
    subtrahend: str


@dataclass(frozen=True)
class Log:
    """Natural logarithm of ``operand``; missing where it is not above zero."""

    operand: str


@dataclass(frozen=True)
class MonthsBetween:
    """Months from the date ``start`` to the date ``end``.

    Twelve per calendar year, one per calendar month, 1/31 per day: defined by the calendar fields alone, so
    that both engines agree to the bit.
    """

    start: str
    end: str


@dataclass(frozen=True)
class Lookup:
    """The text that ``table`` holds for ``key``; the table travels in the model package.

    Args:
        key: Column that is looked up; the table's key column has the same name.
        table: Source that is the table.
        value: Column of the table that is returned.
    """

    key: str
    table: str
    value: str


Derivation = Ratio | Difference | Log | MonthsBetween | Lookup
_OPERATIONS: dict[str, type[Derivation]] = {
    "ratio": Ratio,
    "difference": Difference,
    "log": Log,
    "months_between": MonthsBetween,
    "lookup": Lookup,
}


def operands(derivation: Derivation) -> tuple[str, ...]:
    """Name the columns that a derivation reads."""
    if isinstance(derivation, Lookup):
        return (derivation.key,)
    return tuple(getattr(derivation, field.name) for field in fields(derivation))


def operand_types(derivation: Derivation) -> tuple[ColumnType, ...]:
    """Name the column types that a derivation takes as operands."""
    match derivation:
        case MonthsBetween():
            return ("date",)
        case Lookup():
            return ("string",)
        case _:
            return NUMERIC_TYPES


def to_dict(derivation: Derivation) -> dict[str, str]:
    """Write a derivation as JSON-ready values."""
    operation = next(name for name, kind in _OPERATIONS.items() if type(derivation) is kind)
    return {"operation": operation, **{f.name: getattr(derivation, f.name) for f in fields(derivation)}}


def from_dict(raw: Mapping[str, Any]) -> Derivation:
    """Read a derivation back.

    Raises:
        SpecError: The operation is unknown or its operands are not those it takes.
    """
    operation = raw.get("operation")
    kind = _OPERATIONS.get(operation) if isinstance(operation, str) else None
    if kind is None:
        raise SpecError(f"derivation {operation!r} is unknown; known are {', '.join(_OPERATIONS)}")
    expected = [field.name for field in fields(kind)]
    given = {name: value for name, value in raw.items() if name != "operation"}
    if sorted(given) != sorted(expected) or not all(isinstance(value, str) for value in given.values()):
        raise SpecError(
            f"derivation {operation!r} takes the texts {', '.join(expected)}; got {sorted(given)}"
        )
    return kind(**given)
