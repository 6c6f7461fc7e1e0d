"""What a model is: features, derivations, sources and the request contract, as pure values."""

from days_to_sell.spec.candidates import Candidate
from days_to_sell.spec.columns import Column
from days_to_sell.spec.contract import Field, Problem, Quantile, RequestContract
from days_to_sell.spec.derivations import Derivation, Difference, Log, Lookup, MonthsBetween, Ratio
from days_to_sell.spec.features import Bucketed, Category, Crossed, Feature, Number
from days_to_sell.spec.judgement import Direction, Judgement, Place, Slice
from days_to_sell.spec.model import DURATION, OBSERVED, PREDICTION, ROW_ID, UNBOUNDED, ModelSpec
from days_to_sell.spec.sources import (
    Check,
    Fresh,
    InOrder,
    NotAfterSnapshot,
    OneOf,
    Positive,
    Refers,
    Source,
    SourceColumn,
    Unique,
    Volume,
    Within,
)
from days_to_sell.spec.suspicion import Suspicion, Threshold

__all__ = [
    "DURATION",
    "OBSERVED",
    "PREDICTION",
    "ROW_ID",
    "UNBOUNDED",
    "Bucketed",
    "Candidate",
    "Category",
    "Check",
    "Column",
    "Crossed",
    "Derivation",
    "Difference",
    "Direction",
    "Feature",
    "Field",
    "Fresh",
    "InOrder",
    "Judgement",
    "Log",
    "Lookup",
    "ModelSpec",
    "MonthsBetween",
    "NotAfterSnapshot",
    "Number",
    "OneOf",
    "Place",
    "Positive",
    "Problem",
    "Quantile",
    "Ratio",
    "Refers",
    "RequestContract",
    "Slice",
    "Source",
    "SourceColumn",
    "Suspicion",
    "Threshold",
    "Unique",
    "Volume",
    "Within",
]
