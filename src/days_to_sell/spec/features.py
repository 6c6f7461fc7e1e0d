"""Feature kinds: the closed vocabulary of what may enter the exported pipeline."""

from __future__ import annotations

import math
from dataclasses import dataclass

from days_to_sell.errors import SpecError
from days_to_sell.spec.columns import Column, ColumnType
from days_to_sell.spec.derivations import Derivation, Lookup


@dataclass(frozen=True)
class Number:
    """A number used as it is; a row without it gets an error, never an answer.

    Args:
        name: Column name; with ``derive``, the name of the derived column.
        derive: How to compute it; without, it is a raw column of the request.
        type: ``long`` for whole numbers, else ``double``.
        unit, minimum, maximum, description: As for a raw column.
    """

    name: str
    derive: Derivation | None = None
    type: ColumnType = "double"
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse a derivation that gives text."""
        _expect_number(self.name, self.derive)

    @property
    def column(self) -> Column:
        """The raw column that this feature is, were it not derived."""
        return Column(self.name, self.type, self.unit, False, self.minimum, self.maximum, self.description)


@dataclass(frozen=True)
class Bucketed:
    """A number cut at fixed ``splits``; below the first and above the last count as buckets, missing too.

    Args:
        name: Column name; with ``derive``, the name of the derived column.
        splits: Inner boundaries, ascending; a value on a boundary belongs to the bucket above it.
        derive: How to compute it; without, it is a raw column of the request.
        unit, minimum, maximum, description: As for a raw column.
    """

    name: str
    splits: tuple[float, ...]
    derive: Derivation | None = None
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse boundaries that no bucketizer takes."""
        _expect_number(self.name, self.derive)
        ascending = all(low < high for low, high in zip(self.splits, self.splits[1:], strict=False))
        if len(self.splits) < 2 or not ascending or not all(map(math.isfinite, self.splits)):
            raise SpecError(
                f"feature {self.name!r} needs two or more finite, ascending splits; got {self.splits}"
            )

    @property
    def column(self) -> Column:
        """The raw column that this feature is, were it not derived."""
        return Column(self.name, "double", self.unit, True, self.minimum, self.maximum, self.description)


@dataclass(frozen=True)
class Category:
    """A text of which the ``top`` most frequent values are told apart; the rest, unseen and missing are one.

    Args:
        name: Column name; with ``derive``, the name of the looked-up column.
        top: Number of values told apart, by frequency in the training data.
        derive: A lookup; without, it is a raw column of the request.
        nullable: Whether a request may leave it out.
        description: One line for the contract's readers.
    """

    name: str
    top: int = 30
    derive: Lookup | None = None
    nullable: bool = True
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse a derived number, and bounds that make trees or one-hot vectors meaningless."""
        if self.derive is not None and not isinstance(self.derive, Lookup):
            raise SpecError(
                f"feature {self.name!r} is a text but derives a number; make it a Number or Bucketed"
            )
        if not 1 <= self.top <= 500:
            raise SpecError(f"feature {self.name!r} tells {self.top} values apart; choose 1 to 500")

    @property
    def column(self) -> Column:
        """The raw column that this feature is, were it not looked up."""
        return Column(self.name, "string", "", self.nullable, description=self.description)


@dataclass(frozen=True)
class Crossed:
    """Pairs of values of two features, for linear models, which cannot tell them apart by themselves.

    Args:
        name: Name of the column in the pipeline.
        parts: Names of two categories or bucketed numbers.
        top: Number of pairs told apart: of those that say more than their parts do, the most frequent among
            what was seen to sell.
    """

    name: str
    parts: tuple[str, str]
    top: int = 50

    def __post_init__(self) -> None:
        """Refuse bounds that make one-hot vectors meaningless, and a feature crossed with itself."""
        if not 1 <= self.top <= 500:
            raise SpecError(f"crossed feature {self.name!r} tells {self.top} pairs apart; choose 1 to 500")
        if len(set(self.parts)) != 2:
            raise SpecError(f"crossed feature {self.name!r} crosses {self.parts}; name two features")


Feature = Number | Bucketed | Category


def _expect_number(name: str, derivation: Derivation | None) -> None:
    if isinstance(derivation, Lookup):
        raise SpecError(f"feature {name!r} is a number but derives from a lookup; make it a Category")
