"""Candidates: the estimators that a training run compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from types import MappingProxyType
from typing import Literal, get_args

from days_to_sell.errors import SpecError

Estimator = Literal[
    "AFTSurvivalRegression", "GeneralizedLinearRegression", "GBTRegressor", "RandomForestRegressor"
]
Parameter = float | int | str
MOST_TRIALS = 100


def _none() -> MappingProxyType[str, Parameter]:
    return MappingProxyType({})


def _nowhere() -> MappingProxyType[str, tuple[Parameter, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Candidate:
    """One estimator by its Spark name, with the parameters it is fitted with.

    Args:
        estimator: Class name in ``pyspark.ml.regression``.
        parameters: Constructor arguments beyond the columns, which training sets.
        search: Values of parameters that a search tries, each with each.
    """

    estimator: Estimator
    parameters: MappingProxyType[str, Parameter] = field(default_factory=_none)
    search: MappingProxyType[str, tuple[Parameter, ...]] = field(default_factory=_nowhere)

    def __post_init__(self) -> None:
        """Refuse what training has no place for."""
        if self.estimator not in get_args(Estimator):
            known = ", ".join(get_args(Estimator))
            raise SpecError(f"candidate {self.estimator!r} cannot be compared; choose one of {known}")
        for name, values in self.search.items():
            if not values or len(set(values)) < len(values):
                raise SpecError(
                    f"candidate {self.estimator!r} searches {name} among {values}; give each value once"
                )
        if self.trials > MOST_TRIALS:
            raise SpecError(
                f"candidate {self.estimator!r} has {self.trials} combinations to search, more than "
                f"{MOST_TRIALS}; take values out"
            )

    @classmethod
    def of(
        cls,
        estimator: Estimator,
        *,
        search: Mapping[str, Sequence[Parameter]] | None = None,
        **parameters: Parameter,
    ) -> Candidate:
        """Declare a candidate with keyword parameters."""
        grid = {name: tuple(values) for name, values in (search or {}).items()}
        return cls(estimator, MappingProxyType(parameters), MappingProxyType(grid))

    @property
    def trials(self) -> int:
        """Number of combinations that a search tries; 0 where there is nothing to search."""
        return prod(map(len, self.search.values())) if self.search else 0

    @property
    def title(self) -> str:
        """Name for people."""
        match self.estimator:
            case "AFTSurvivalRegression":
                return "AFT (Weibull)"
            case "GeneralizedLinearRegression":
                # Spark's own defaults.
                family = self.parameters.get("family", "gaussian")
                return f"GLM {family} {self.parameters.get('link', 'canonical link')}"
            case "GBTRegressor":
                return "GBT"
            case "RandomForestRegressor":
                return "Random forest"

    def with_parameters(self, changes: Mapping[str, Parameter]) -> Candidate:
        """The same candidate with some parameters set to other values."""
        return replace(self, parameters=MappingProxyType({**self.parameters, **changes}))
