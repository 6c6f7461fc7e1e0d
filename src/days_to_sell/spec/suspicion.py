"""Suspicion: from where on training data is doubted, though every value in it is allowed."""

from __future__ import annotations

from dataclasses import dataclass

from days_to_sell.errors import SpecError


@dataclass(frozen=True)
class Threshold:
    """From where on a figure is warned of, and from where on it stops the run."""

    warning: float
    red: float

    def __post_init__(self) -> None:
        """Refuse a run that stops before it is warned."""
        if not 0 < self.warning <= self.red:
            raise SpecError(
                f"a warning from {self.warning} on is no warning of a stop from {self.red} on; "
                "choose 0 < warning <= red"
            )


@dataclass(frozen=True)
class Suspicion:
    """What makes training data suspicious.

    Only a feature stops the run: a column that the model does not read is warned of, so that nobody makes a
    feature of it.

    Args:
        drift: Population stability index of a column against the training data of the version in Production.
            Siddiqi, Credit Risk Scorecards, 2006: under 0.1 stable, over 0.25 another population.
        alone: Concordance of one column alone with the outcome. On real data, all that is known when a car
            is listed reaches 0.54 to 0.61 together.
        follows_time: Absolute rank correlation of a column's order with the time of listing.
        missing_with_outcome: Share of rows in which a column is missing exactly when the outcome is.
    """

    drift: Threshold = Threshold(0.1, 0.25)
    alone: Threshold = Threshold(0.68, 0.72)
    follows_time: float = 0.9
    missing_with_outcome: float = 0.95

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        for name in ("follows_time", "missing_with_outcome"):
            if not 0.5 < getattr(self, name) <= 1:
                raise SpecError(f"{name} is {getattr(self, name)}; choose one above 0.5, up to 1")
