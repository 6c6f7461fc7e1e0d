"""A model that contradicts itself is refused where it is declared, with the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from days_to_sell.errors import SpecError
from days_to_sell.spec import (
    Bucketed,
    Candidate,
    Category,
    Column,
    Crossed,
    Difference,
    Log,
    Lookup,
    ModelSpec,
    MonthsBetween,
    Number,
    Ratio,
    Source,
    SourceColumn,
)

PLACES = Source("places", ("outcode",), (SourceColumn("outcode", "string"), SourceColumn("region", "string")))
INPUTS = (
    Column("price", "double"),
    Column("valuation", "double"),
    Column("outcode", "string"),
    Column("registered_on", "date"),
)


def declare(**changes: Any) -> ModelSpec:
    """Declare a small sound model with some of its parts exchanged."""
    parts: dict[str, Any] = {
        "name": "cars",
        "title": "Cars",
        "description": "Days until a car sells",
        "sources": (PLACES,),
        "inputs": INPUTS,
        "features": (Number("ratio", Ratio("price", "valuation")), Category("make")),
        "candidates": (Candidate.of("GBTRegressor"),),
    }
    return ModelSpec(**parts | changes)


REFUSED: dict[str, tuple[Callable[[], object], tuple[str, ...]]] = {
    "column of an unknown type": (lambda: Column("doors", "int"), ("doors", "'int'", "choose one of string")),
    "nullable whole number": (lambda: Column("doors", "long", nullable=True), ("doors", "declare it double")),
    "optional column that may not be missing": (
        lambda: SourceColumn("vehicle_id", "string", optional=True),
        ("vehicle_id", "add nullable=True"),
    ),
    "number that defaults to today": (
        lambda: Column("doors", "double", default_today=True),
        ("doors", "make it a date"),
    ),
    "minimum above maximum": (
        lambda: Column("doors", "double", minimum=5, maximum=2),
        ("doors", "minimum 5 above maximum 2", "swap"),
    ),
    "one split": (lambda: Bucketed("age", (12,)), ("age", "two or more finite, ascending splits")),
    "splits that fall": (lambda: Bucketed("age", (24, 12)), ("age", "ascending", "(24, 12)")),
    "endless split": (lambda: Bucketed("age", (1, float("inf"))), ("age", "finite")),
    "number from a lookup": (
        lambda: Number("region", Lookup("outcode", "places", "region")),
        ("region", "make it a Category"),
    ),
    "text from a ratio": (
        lambda: Category("ratio", derive=Ratio("price", "valuation")),
        ("ratio", "make it a Number or Bucketed"),
    ),
    "category without values": (lambda: Category("make", top=0), ("make", "choose 1 to 500")),
    "category too wide": (lambda: Category("make", top=501), ("make", "choose 1 to 500")),
    "estimator that is not known": (
        lambda: Candidate.of("FMRegressor"),
        ("FMRegressor", "choose one of AFTSurvivalRegression"),
    ),
    "search among no values": (
        lambda: Candidate.of("GBTRegressor", search={"maxDepth": ()}),
        ("GBTRegressor", "maxDepth", "give each value once"),
    ),
    "search among equal values": (
        lambda: Candidate.of("GBTRegressor", search={"maxDepth": (3, 3)}),
        ("maxDepth", "(3, 3)", "give each value once"),
    ),
    "search without an end": (
        lambda: Candidate.of("GBTRegressor", search={"maxIter": range(15), "maxBins": range(15)}),
        ("GBTRegressor", "225 combinations", "take values out"),
    ),
    "feature crossed with itself": (lambda: Crossed("twice", ("make", "make")), ("twice", "two features")),
    "too many pairs": (lambda: Crossed("pairs", ("make", "fuel"), top=501), ("pairs", "choose 1 to 500")),
    "crossed number": (
        lambda: declare(crossed=(Crossed("pairs", ("ratio", "make")),)),
        ("pairs", "'ratio'", "choose two of make"),
    ),
    "crossed under another's name": (
        lambda: declare(
            features=(Category("make"), Category("fuel")), crossed=(Crossed("price", ("make", "fuel")),)
        ),
        ("price", "rename"),
    ),
    "no features": (lambda: declare(features=()), ("cars", "at least one feature")),
    "no candidates": (lambda: declare(candidates=()), ("cars", "one candidate")),
    "name used twice": (
        lambda: declare(features=(Number("price"), Category("make"))),
        ("cars", "price", "rename"),
    ),
    "reserved name": (
        lambda: declare(features=(Number("duration"),)),
        ("cars", "duration", "reserved", "rename"),
    ),
    "horizon of no days": (lambda: declare(horizon=0), ("cars", "horizon 0", "choose 1 or more")),
    "no partitions": (lambda: declare(partitions=0), ("cars", "partitions 0", "choose 1 or more")),
    "nobody at risk": (lambda: declare(at_risk=0.0), ("cars", "at_risk", "between 0 and 1")),
    "what_if on a text": (lambda: declare(what_if="make"), ("make", "choose one of price, valuation")),
    "what_if on a derived column": (lambda: declare(what_if="ratio"), ("ratio", "choose one of price")),
    "derivation from nothing": (
        lambda: declare(features=(Number("ratio", Ratio("price", "cost")),)),
        ("ratio", "'cost'", "add it to inputs"),
    ),
    "derivation from a derived column": (
        lambda: declare(features=(Number("ratio", Ratio("price", "valuation")), Number("log", Log("ratio")))),
        ("log", "'ratio'", "add it to inputs"),
    ),
    "ratio of texts": (
        lambda: declare(features=(Number("ratio", Ratio("price", "outcode")),)),
        ("ratio", "'outcode' of type string", "long or double"),
    ),
    "difference of dates": (
        lambda: declare(features=(Number("gap", Difference("price", "registered_on")),)),
        ("gap", "registered_on", "long or double"),
    ),
    "months between numbers": (
        lambda: declare(features=(Number("age", MonthsBetween("registered_on", "price")),)),
        ("age", "'price' of type double", "takes date"),
    ),
    "lookup by a number": (
        lambda: declare(features=(Category("region", derive=Lookup("price", "places", "region")),)),
        ("region", "'price' of type double", "takes string"),
    ),
    "lookup in no source": (
        lambda: declare(features=(Category("region", derive=Lookup("outcode", "towns", "region")),)),
        ("region", "'towns'", "choose one of places"),
    ),
    "lookup of no column": (
        lambda: declare(features=(Category("county", derive=Lookup("outcode", "places", "county")),)),
        ("county", "'places'", "add it to the source's columns"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_contradiction_is_refused_with_its_name_and_the_way_out(case: str) -> None:
    """Every refusal names what is wrong and says what to do instead."""
    build, words = REFUSED[case]
    with pytest.raises(SpecError) as refused:
        build()
    assert [word for word in words if word not in str(refused.value)] == []


def test_a_sound_declaration_is_accepted() -> None:
    """The declaration that the refusals are variations of is itself fine."""
    spec = declare(what_if="price")
    assert [column.name for column in spec.columns] == [
        "price",
        "valuation",
        "outcode",
        "registered_on",
        "make",
    ]
    assert spec.derivations == {"ratio": Ratio("price", "valuation")}


def test_features_are_told_apart_by_kind_in_their_order() -> None:
    """Categories, numbers and buckets keep the order of the declaration."""
    spec = declare(
        features=(Category("make"), Number("mileage"), Bucketed("age", (12, 24)), Category("fuel_type"))
    )
    assert [feature.name for feature in spec.categories] == ["make", "fuel_type"]
    assert [feature.name for feature in spec.numbers] == ["mileage", "age"]
    assert [feature.name for feature in spec.buckets] == ["age"]


def test_only_buckets_and_categories_may_be_missing_from_a_row() -> None:
    """A number that enters the pipeline as it is has no bucket for missing values."""
    spec = declare(
        features=(Number("mileage"), Bucketed("age", (12, 24)), Category("make", nullable=False)), inputs=()
    )
    assert {column.name: column.nullable for column in spec.columns} == {
        "mileage": False,
        "age": True,
        "make": False,
    }


def test_a_candidate_has_a_name_for_people_and_counts_its_trials() -> None:
    """Runs are named after it; a grid has a trial for each combination, and none without a search."""
    gamma = Candidate.of("GeneralizedLinearRegression", family="gamma", link="log")
    forest = Candidate.of("RandomForestRegressor", search={"maxDepth": (4, 6), "numTrees": (10, 20, 30)})
    assert [gamma.title, forest.title] == ["GLM gamma log", "Random forest"]
    assert [gamma.trials, forest.trials] == [0, 6]
    deeper = forest.with_parameters({"maxDepth": 6})
    assert dict(deeper.parameters) == {"maxDepth": 6}
    assert deeper.search == forest.search
    assert not forest.parameters


def test_a_candidate_keeps_its_parameters_from_being_changed() -> None:
    """What was declared is what is fitted: the parameters are read-only."""
    candidate = Candidate.of("GBTRegressor", maxIter=3)
    with pytest.raises(TypeError, match=re.escape("does not support item assignment")):
        candidate.parameters["maxIter"] = 4  # type: ignore[index]
