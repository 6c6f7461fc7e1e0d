"""Judgement: what a fitted model is looked at by, beside its overall metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from days_to_sell.errors import SpecError


@dataclass(frozen=True)
class Slice:
    """A column by whose values, or bands, metrics are given apart.

    Args:
        column: Raw column or feature.
        edges: Inner boundaries of a number's bands, ascending; empty for text.
        top: Number of texts told apart, the most frequent first; the rest is one slice.
    """

    column: str
    edges: tuple[float, ...] = ()
    top: int = 8

    def __post_init__(self) -> None:
        """Refuse bands that are none."""
        if list(self.edges) != sorted(set(self.edges)):
            raise SpecError(f"slice {self.column!r} has edges {self.edges}; give them in ascending order")
        if self.top < 1:
            raise SpecError(f"slice {self.column!r} tells {self.top} values apart; choose 1 or more")


@dataclass(frozen=True)
class Direction:
    """What has to happen to ``days`` when a number is raised and everything else stays.

    Args:
        column: Numeric raw column.
        step: Relative change to try, such as 0.05 for 5 % more.
        expect: Whether the row then takes longer or is gone sooner.
        share: Least share of rows that must not move the other way.
    """

    column: str
    step: float
    expect: Literal["longer", "sooner"]
    share: float = 0.9

    def __post_init__(self) -> None:
        """Refuse a check that cannot fail or cannot pass."""
        if self.step <= 0:
            raise SpecError(f"direction of {self.column!r} has step {self.step}; choose one above 0")
        if not 0 < self.share <= 1:
            raise SpecError(f"direction of {self.column!r} has share {self.share}; choose one in (0, 1]")


@dataclass(frozen=True)
class Place:
    """How a raw column leads to a place on the map.

    Args:
        column: Raw text column, such as an outcode; the key of ``source``.
        source: Source that holds the places.
        area: Its column with the name of the area that a mark on the map stands for.
        latitude, longitude: Its columns in degrees.
    """

    column: str
    source: str
    area: str
    latitude: str = "latitude"
    longitude: str = "longitude"


@dataclass(frozen=True)
class Judgement:
    """What to look at when a model is judged.

    Args:
        slices: Metrics are given for each of their values apart.
        segment: Columns whose combinations the per-segment baseline tells apart.
        directions: Checks of what the model says when a number is raised.
        curves: Numeric features whose partial dependence is drawn.
        place: What the map is drawn from.
        intended, unsuited: What the model is for and what it is not for, a sentence each, for its card.
    """

    slices: tuple[Slice, ...] = ()
    segment: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()
    curves: tuple[str, ...] = ()
    place: Place | None = None
    intended: tuple[str, ...] = ()
    unsuited: tuple[str, ...] = ()
