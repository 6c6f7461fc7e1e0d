"""Candidates: the estimators that a training run compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

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

    @classmethod
    def of(cls, estimator: Estimator, **parameters: Parameter) -> Candidate:
        """Declare a candidate with keyword parameters."""
        return cls(estimator, MappingProxyType(parameters))
