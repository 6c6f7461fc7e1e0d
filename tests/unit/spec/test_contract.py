"""The request contract: what a row may hold, and what is said where it does not."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.errors import ContractError
from days_to_sell.spec import Column, Field, RequestContract
from days_to_sell.spec.contract import SHOWN

TODAY = date(2026, 3, 9)
PRICE = Column("price", "long", "GBP", minimum=1, maximum=1_000_000)
MILEAGE = Column("mileage", "double", "miles", nullable=True, minimum=0)
MAKE = Column("make", "string")
COLOUR = Column("colour", "string", nullable=True)
REGISTERED = Column("registered_on", "date")
AS_OF = Column("as_of", "date", default_today=True)
CAR: dict[str, Any] = {"price": 9_000, "make": "Ford", "registered_on": "2020-02-29"}


def contract(*columns: Column) -> RequestContract:
    """Make a contract of columns alone."""
    return RequestContract("cars", "Cars", "Days", 180, tuple(Field(column) for column in columns))


CARS = contract(PRICE, MILEAGE, MAKE, COLOUR, REGISTERED, AS_OF)


@pytest.mark.parametrize(
    ("column", "value", "parsed"),
    [
        (PRICE, 9_000, 9_000.0),
        (PRICE, 9_000.0, 9_000.0),
        (PRICE, 1, 1.0),
        (PRICE, 1_000_000, 1_000_000.0),
        (MILEAGE, 0.5, 0.5),
        (MILEAGE, None, None),
        (MILEAGE, math.nan, None),
        (MAKE, "", ""),
        (MAKE, "Škoda", "Škoda"),
        (COLOUR, None, None),
        (REGISTERED, "2020-02-29", date(2020, 2, 29)),
        (REGISTERED, date(2020, 2, 29), date(2020, 2, 29)),
        (REGISTERED, datetime(2020, 2, 29, 23, 59), date(2020, 2, 29)),
        (AS_OF, None, TODAY),
        (AS_OF, math.nan, TODAY),
        (AS_OF, "2026-01-01", date(2026, 1, 1)),
    ],
)
def test_a_value_becomes_what_scoring_takes(column: Column, value: object, parsed: object) -> None:
    """Numbers become floats, dates become dates, and a missing value is None, or today where that is said."""
    answer = Field(column).parse(value, TODAY)
    assert (answer, type(answer)) == (parsed, type(parsed))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (PRICE, None, "is required"),
        (PRICE, math.nan, "is required"),
        (PRICE, "9000", "is not a number"),
        (PRICE, True, "is not a number"),
        (PRICE, [9_000], "is not a number"),
        (PRICE, 9_000.5, "is not a whole number"),
        (PRICE, 0, "is too small"),
        (PRICE, 1_000_001, "is too large"),
        (PRICE, 10**400, "is too large"),
        (MILEAGE, math.inf, "is not finite"),
        (MILEAGE, -math.inf, "is not finite"),
        (MILEAGE, -0.1, "is too small"),
        (MAKE, None, "is required"),
        (MAKE, 7, "is not text"),
        (MAKE, {"name": "Ford"}, "is not text"),
        (REGISTERED, None, "is required"),
        (REGISTERED, 20200229, "is not a date as YYYY-MM-DD"),
        (REGISTERED, "29/02/2020", "is not a date as YYYY-MM-DD"),
        (REGISTERED, "2020-02-29T00:00", "is not a date as YYYY-MM-DD"),
        (REGISTERED, "2020-W10-1", "is not a date as YYYY-MM-DD"),
        (REGISTERED, "20200229", "is not a date as YYYY-MM-DD"),
        (REGISTERED, "2021-02-29", "is not a day of the calendar"),
        (AS_OF, "", "is not a date as YYYY-MM-DD"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_reason(
    column: Column, value: object, reason: str
) -> None:
    """Every type refuses what it cannot read, a range what is outside it."""
    with pytest.raises(ContractError) as refused:
        Field(column).parse(value, TODAY)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (PRICE, "a whole number of GBP, at least 1 and at most 1000000"),
        (MILEAGE, "a number of miles, at least 0, or null"),
        (Column("share", "double", maximum=0.25), "a number, at most 0.25"),
        (Column("x", "double"), "a number"),
        (MAKE, "text"),
        (COLOUR, "text, or null"),
        (REGISTERED, "a date as YYYY-MM-DD"),
        (AS_OF, "a date as YYYY-MM-DD, or null for today"),
    ],
)
def test_what_a_field_takes_reads_as_a_sentence(column: Column, text: str) -> None:
    """Unit, range and whether it may be missing are said in words, numbers without an exponent."""
    assert Field(column).allowed == text


def test_a_row_is_parsed_in_the_order_of_the_contract() -> None:
    """The order and the omissions of a request do not matter."""
    parsed, problems = CARS.parse(dict(reversed(CAR.items())), today=TODAY)
    assert problems == ()
    assert list(parsed.items()) == [
        ("price", 9_000.0),
        ("mileage", None),
        ("make", "Ford"),
        ("colour", None),
        ("registered_on", date(2020, 2, 29)),
        ("as_of", TODAY),
    ]


def test_every_problem_of_a_row_is_told_at_once() -> None:
    """One answer names all fields to mend, each with what it takes and what came."""
    _, problems = CARS.parse({"price": -5, "mileage": "many", "make": "Ford"}, today=TODAY)
    assert [(problem.field, problem.value) for problem in problems] == [
        ("price", "-5"),
        ("mileage", "many"),
        ("registered_on", "missing"),
    ]
    assert problems[0].message == (
        "price is too small; send a whole number of GBP, at least 1 and at most 1000000"
    )
    assert problems[0].allowed in problems[0].message


def test_an_unknown_field_is_refused_unless_it_is_to_be_passed_over() -> None:
    """A misspelt field must not vanish silently; who sends more than the model takes can say so."""
    row = CAR | {"milage": 3}
    _, problems = CARS.parse(row, today=TODAY)
    assert [problem.field for problem in problems] == ["milage"]
    assert "milage is no field of this model; send price, mileage, make" in problems[0].message
    parsed, problems = CARS.parse(row, today=TODAY, allow_unknown=True)
    assert problems == ()
    assert "milage" not in parsed


def test_a_long_value_is_cut_short_in_the_answer() -> None:
    """A problem repeats at most the first characters of what came."""
    _, problems = CARS.parse(CAR | {"price": "9" * 10_000}, today=TODAY)
    assert len(problems[0].value) == SHOWN
    assert problems[0].value.endswith("…")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_finite_number_is_taken_as_it_is(number: float) -> None:
    """A column without a range changes no finite number."""
    assert Field(Column("x", "double")).parse(number, TODAY) == number


@given(st.dates())
def test_every_day_is_read_from_its_iso_form(day: date) -> None:
    """From year 1 to 9999, the ISO form of a day is that day."""
    assert Field(REGISTERED).parse(day.isoformat(), TODAY) == day


@st.composite
def columns(draw: st.DrawFn) -> Column:
    """Any column that can be declared."""
    kind = draw(st.sampled_from(["string", "long", "double", "date"]))
    low, high = sorted((draw(st.integers(-(10**9), 10**9)), draw(st.integers(-(10**9), 10**9))))
    return Column(
        draw(st.text(min_size=1)),
        kind,
        draw(st.text()),
        nullable=kind != "long" and draw(st.booleans()),
        minimum=draw(st.sampled_from([None, low])),
        maximum=draw(st.sampled_from([None, high])),
        description=draw(st.text()),
        default_today=kind == "date" and draw(st.booleans()),
    )


@st.composite
def contracts(draw: st.DrawFn) -> RequestContract:
    """Any contract, with categories and examples as training may have learnt them."""
    example = st.none() | st.text() | st.integers() | st.floats(allow_nan=False)
    categories = st.lists(st.text()).map(tuple)
    fields = draw(st.lists(st.builds(Field, columns(), categories, example)).map(tuple))
    return RequestContract(draw(st.text()), draw(st.text()), draw(st.text()), draw(st.integers(1)), fields)


@given(contracts())
def test_a_contract_survives_json(written: RequestContract) -> None:
    """A contract read back from a model package is the one that training wrote."""
    assert RequestContract.from_dict(json.loads(json.dumps(written.to_dict()))) == written


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw.pop("fields"),
        lambda raw: raw.pop("model"),
        lambda raw: raw.update(horizon="soon"),
        lambda raw: raw["fields"][0].pop("example"),
        lambda raw: raw["fields"][0]["column"].update(type="blob"),
        lambda raw: raw["fields"][0]["column"].update(colour="red"),
        lambda raw: raw["fields"][0].update(column=None),
    ],
)
def test_a_damaged_contract_is_refused(damage: Any) -> None:
    """A contract that lacks a part, or holds a part that is not known, is no contract."""
    raw = json.loads(json.dumps(CARS.to_dict()))
    damage(raw)
    with pytest.raises(ContractError, match=r"the contract is damaged at .*; build the package again"):
        RequestContract.from_dict(raw)
