"""Raw columns: what a request carries and a training frame holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from days_to_sell.errors import SpecError

ColumnType = Literal["string", "long", "double", "date"]
COLUMN_TYPES: tuple[ColumnType, ...] = ("string", "long", "double", "date")
NUMERIC_TYPES: tuple[ColumnType, ...] = ("long", "double")


@dataclass(frozen=True)
class Column:
    """One raw column by name, type and range.

    A ``long`` cannot be nullable: MLflow infers no signature for a frame with one, so a whole number
    that may be missing is declared ``double``.

    Args:
        name: Column name, in the lake, the request and the signature alike.
        type: ``string``, ``long``, ``double`` or ``date`` (ISO 8601 text in a request).
        unit: Unit of a number, for people.
        nullable: Whether a row may leave it out.
        minimum: Smallest number that is accepted.
        maximum: Largest number that is accepted.
        description: One line for the contract's readers.
        default_today: Whether a date that is left out means today.
    """

    name: str
    type: ColumnType
    unit: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""
    default_today: bool = False

    def __post_init__(self) -> None:
        """Refuse what no request could satisfy."""
        if self.type not in COLUMN_TYPES:
            raise SpecError(
                f"column {self.name!r} has type {self.type!r}; choose one of {', '.join(COLUMN_TYPES)}"
            )
        if self.type == "long" and self.nullable:
            raise SpecError(f"column {self.name!r} is a nullable long; declare it double")
        if self.default_today and self.type != "date":
            raise SpecError(
                f"column {self.name!r} defaults to today but has type {self.type!r}; make it a date"
            )
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise SpecError(
                f"column {self.name!r} has minimum {self.minimum} above maximum {self.maximum}; swap them"
            )

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.type in NUMERIC_TYPES
