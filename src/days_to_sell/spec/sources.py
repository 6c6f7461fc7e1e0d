"""Sources and the checks that their data has to pass."""

from __future__ import annotations

from dataclasses import dataclass

from days_to_sell.errors import SpecError
from days_to_sell.spec.columns import ColumnType


@dataclass(frozen=True)
class Unique:
    """No two rows agree in all of ``columns``."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Positive:
    """Every number in ``column`` is above zero, or missing where the column may be."""

    column: str


@dataclass(frozen=True)
class OneOf:
    """Every value in ``column`` is one of ``values``."""

    column: str
    values: tuple[str | float, ...]


@dataclass(frozen=True)
class InOrder:
    """The date ``earlier`` is never after the date ``later``."""

    earlier: str
    later: str


@dataclass(frozen=True)
class NotAfterSnapshot:
    """The date in ``column`` is never after the snapshot."""

    column: str


@dataclass(frozen=True)
class Refers:
    """Every value of ``column`` is a value of the same column in ``source``."""

    column: str
    source: str


@dataclass(frozen=True)
class Within:
    """Every number in ``column`` is plausible: from ``minimum`` to ``maximum``, or missing."""

    column: str
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that refuse every number, or none."""
        low = float("-inf") if self.minimum is None else self.minimum
        high = float("inf") if self.maximum is None else self.maximum
        if low > high or (self.minimum is None and self.maximum is None):
            raise SpecError(
                f"column {self.column!r} is to be within {self.minimum} and {self.maximum}; "
                "give a minimum, a maximum above it, or both"
            )


@dataclass(frozen=True)
class Fresh:
    """The newest date in ``column`` is at most ``days`` before the snapshot."""

    column: str
    days: int


@dataclass(frozen=True)
class Volume:
    """The source has between ``least`` and ``most`` times the rows of the snapshot before it."""

    least: float
    most: float

    def __post_init__(self) -> None:
        """Refuse a ratio that the same source again would not have."""
        if not 0 < self.least <= 1 <= self.most:
            raise SpecError(
                f"a volume of {self.least} to {self.most} times the last refuses what did not change; "
                "choose least up to 1 and most from 1"
            )


Check = Unique | Positive | OneOf | InOrder | NotAfterSnapshot | Refers | Within | Fresh | Volume


@dataclass(frozen=True)
class SourceColumn:
    """A column that a source has.

    Args:
        name: Column name.
        type: Type it must have; a ``double`` may be stored as any number.
        nullable: Whether a value may be missing.
        optional: Whether a source may lack the column; one that does is read as if every value were missing.
    """

    name: str
    type: ColumnType
    nullable: bool = False
    optional: bool = False

    def __post_init__(self) -> None:
        """Refuse a column that may be absent while its values may not."""
        if self.optional and not self.nullable:
            raise SpecError(
                f"column {self.name!r} is optional, so its values may be missing; add nullable=True"
            )


@dataclass(frozen=True)
class Source:
    """One table of the lake: its columns, its checks, and the columns it must not have.

    Args:
        name: Folder of the lake that holds it.
        key: Columns whose values identify a row in a report.
        columns: Its columns; all but the optional ones are required.
        checks: What the data has to pass.
        leaks: Columns known to be gathered during the life of a row; present, they turn the report red.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[SourceColumn, ...]
    checks: tuple[Check, ...] = ()
    leaks: tuple[str, ...] = ()
