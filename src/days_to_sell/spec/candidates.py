"""Candidates: the estimators that a training run compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from days_to_sell.errors import SpecError

Estimator = Literal["AFTSurvivalRegression", "GeneralizedLinearRegression", "GBTRegressor"]
Parameter = float | int | str


@dataclass(frozen=True)
class Candidate:
    """One estimator by its Spark name, with the parameters it is fitted with.

    Args:
        estimator: Class name in ``pyspark.ml.regression``.
        parameters: Constructor arguments beyond the columns, which training sets.
    """

    estimator: Estimator
    parameters: MappingProxyType[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse what training has no place for."""
        if self.estimator not in get_args(Estimator):
            known = ", ".join(get_args(Estimator))
            raise SpecError(f"candidate {self.estimator!r} cannot be compared; choose one of {known}")

    @classmethod
    def of(cls, estimator: Estimator, **parameters: Parameter) -> Candidate:
        """Declare a candidate with keyword parameters."""
        return cls(estimator, MappingProxyType(parameters))
