"""Derivations on Python rows; ``training.preparing.derive`` does the same on Spark frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from days_to_sell.errors import PackageError, SpecError
from days_to_sell.spec import Derivation, Difference, Log, Lookup, MonthsBetween, Ratio
from days_to_sell.spec.derivations import from_dict, to_dict

Row = Mapping[str, Any]
Table = Mapping[str, str]
MISSING = float("nan")


@dataclass(frozen=True)
class Derivations:
    """The derived columns of a model with the tables that its lookups read.

    Args:
        columns: Derived column to its derivation, in order.
        tables: Looked-up column to its table, key to value.
        required: Numbers without which a row gets no answer; trees would answer NaN as if it were known.
    """

    columns: Mapping[str, Derivation]
    tables: Mapping[str, Table]
    required: tuple[str, ...] = ()

    def compile(self) -> Callable[[Row], dict[str, Any]]:
        """Make the function that adds the derived columns to a row.

        Raises:
            PackageError: A lookup has no table.
        """
        steps = tuple((name, self._step(name, derivation)) for name, derivation in self.columns.items())

        def derive(row: Row) -> dict[str, Any]:
            derived = dict(row)
            for name, step in steps:
                derived[name] = step(row)
            return derived

        return derive

    def _step(self, name: str, derivation: Derivation) -> Callable[[Row], Any]:
        match derivation:
            case Ratio(numerator, denominator):
                return lambda row: _ratio(row[numerator], row[denominator])
            case Difference(minuend, subtrahend):
                return lambda row: _difference(row[minuend], row[subtrahend])
            case Log(operand):
                return lambda row: _log(row[operand])
            case MonthsBetween(start, end):
                return lambda row: months_between(row[start], row[end])
            case Lookup(key=key):
                if name not in self.tables:
                    raise PackageError(f"no table for the looked-up column {name!r}; build the package again")
                table = self.tables[name]
                return lambda row: table.get(row[key])

    def to_dict(self) -> dict[str, Any]:
        """Write the derivations as JSON-ready values."""
        return {
            "columns": {name: to_dict(derivation) for name, derivation in self.columns.items()},
            "tables": {name: dict(sorted(table.items())) for name, table in self.tables.items()},
            "required": list(self.required),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Derivations:
        """Read derivations back.

        Raises:
            PackageError: A part is missing or unknown.
        """
        try:
            columns = {name: from_dict(derivation) for name, derivation in raw["columns"].items()}
            tables = {name: dict(table) for name, table in raw["tables"].items()}
            return cls(columns, tables, tuple(map(str, raw.get("required", ()))))
        except (AttributeError, KeyError, TypeError, ValueError, SpecError) as error:
            raise PackageError(f"the derivations are damaged: {error}; build the package again") from error


def months_between(start: date | None, end: date | None) -> float:
    """Count months: twelve per calendar year, one per calendar month, 1/31 per day.

    >>> months_between(date(2020, 3, 15), date(2021, 1, 15))
    10.0
    """
    if start is None or end is None:
        return MISSING
    return (end.year - start.year) * 12 + (end.month - start.month) + (end.day - start.day) / 31


def _ratio(numerator: float | None, denominator: float | None) -> float:
    if numerator is None or not denominator:
        return MISSING
    return numerator / denominator


def _difference(minuend: float | None, subtrahend: float | None) -> float:
    return MISSING if minuend is None or subtrahend is None else minuend - subtrahend


def _log(operand: float | None) -> float:
    return MISSING if operand is None or not operand > 0 else math.log(operand)
