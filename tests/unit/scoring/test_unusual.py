"""What is unlike the training data in a row that can be scored."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.scoring.bins import NumberBins, TextBins
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.scoring.unusual import Unusual
from days_to_sell.spec import Column, Field, RequestContract
from days_to_sell.spec.contract import MAX_CATEGORIES

LOWEST, HIGHEST = 500.0, 20_000.0
MAKES = ("Ford", "Kia")
PROFILE = Profile(
    4,
    {
        "make": Histogram(TextBins(MAKES, ()), (2, 2, 0, 0, 0)),
        "price": Histogram(NumberBins((LOWEST, 9_000.0, HIGHEST)), (1, 1, 2, 0, 0)),
        "price_per_mile": Histogram(NumberBins((0.0, 1.0)), (4, 0, 0, 0)),
    },
    Histogram(NumberBins((30.0, 60.0)), (4, 0, 0, 0)),
)


def contract(makes: tuple[str, ...] = MAKES) -> RequestContract:
    """Fields with and without a history."""
    fields = (
        Field(Column("make", "string", nullable=True), makes, "Ford"),
        Field(Column("price", "double", nullable=True), example=9_000.0),
        Field(Column("note", "string", nullable=True), (), "none"),
    )
    return RequestContract("m", "M", "Days", 180, fields)


@given(
    row=st.fixed_dictionaries(
        {},
        optional={
            "make": st.none() | st.sampled_from([*MAKES, "Lada", "ford", ""]) | st.text(),
            "price": st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
            "note": st.none() | st.text(),
        },
    )
)
def test_exactly_what_training_did_not_see_is_named(row: dict[str, Any]) -> None:
    """A number beyond the range, a text that is none of the categories; never what is missing."""
    found = {each.field: each for each in Unusual(contract(), PROFILE).of(row)}

    price, make = row.get("price"), row.get("make")
    assert ("price" in found) == (price is not None and not LOWEST <= price <= HIGHEST)
    assert ("make" in found) == (make is not None and make not in MAKES)
    assert found.keys() <= {"price", "make"}
    assert all(len(each.value) <= 60 for each in found.values())


def test_a_range_is_told_with_its_side() -> None:
    """So that a reader sees how far off a value is."""
    unusual = Unusual(contract(), PROFILE)

    (low,), (high,) = unusual.of({"price": 499}), unusual.of({"price": 1e9})

    assert low.message == "price is below what the model was trained on, from 500 to 20000"
    assert high.message == "price is above what the model was trained on, from 500 to 20000"
    assert low.allowed == "from 500 to 20000"


def test_a_long_list_of_categories_is_told_as_what_it_is() -> None:
    """A contract lists so many; what it does not list may have been seen in training."""
    makes = tuple(f"make {n}" for n in range(MAX_CATEGORIES))

    (found,) = Unusual(contract(makes), PROFILE).of({"make": "Lada"})

    assert found.message == "make is none of the 300 most frequent categories of the training data"


def test_without_a_profile_only_categories_are_compared() -> None:
    """A package of the first format tells no ranges."""
    assert [each.field for each in Unusual(contract(), None).of({"make": "Lada", "price": 1e9})] == ["make"]
