"""What another contract means for consumers: every difference is told, and what is called compatible is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from days_to_sell.errors import SpecError
from days_to_sell.spec import Column, Field, Quantile, RequestContract
from days_to_sell.spec.columns import COLUMN_TYPES
from days_to_sell.spec.compatibility import Effect, breaks, compare_contracts
from serving.protocol.forms import read_rows

TODAY = date(2026, 3, 9)
CARS = RequestContract(
    "cars",
    "Cars",
    "Days until sold",
    180,
    (
        Field(Column("price", "long", "GBP", minimum=1, maximum=1_000_000), example=9_500),
        Field(Column("mileage", "double", "miles", nullable=True, minimum=0), example=42_000.0),
        Field(Column("make", "string"), ("Ford", "Kia"), "Ford"),
        Field(Column("as_of", "date", default_today=True), example="2026-03-01"),
    ),
    (Quantile(0.1, 0.3), Quantile(0.5, 0.8)),
)
CAR = {"price": 9_500, "mileage": 42_000.0, "make": "Ford", "as_of": "2026-03-01"}
Mutation = Callable[[RequestContract], RequestContract]


def column(name: str, **changes: Any) -> Mutation:
    """Change the column of a field."""
    return lambda c: fields(c, lambda f: replace(f, column=replace(f.column, **changes)), name)


def field(name: str, **changes: Any) -> Mutation:
    """Change a field beside its column."""
    return lambda c: fields(c, lambda f: replace(f, **changes), name)


def fields(contract: RequestContract, change: Callable[[Field], Field], name: str) -> RequestContract:
    """Change the field of a name."""
    changed = tuple(change(each) if each.column.name == name else each for each in contract.fields)
    return replace(contract, fields=changed)


def added(new: Column) -> Mutation:
    """Add a field at the end."""
    return lambda c: replace(c, fields=(*c.fields, Field(new)))


def without(name: str) -> Mutation:
    """Take a field away."""
    return lambda c: replace(c, fields=tuple(each for each in c.fields if each.column.name != name))


def whole(**changes: Any) -> Mutation:
    """Change the contract as a whole."""
    return lambda c: replace(c, **changes)


# How the contract changes, what is told of it, and for what breaks: a row that is refused from then on.
SINGLE: list[tuple[Mutation, str, Effect, dict[str, Any]]] = [
    (without("mileage"), "removed", "breaking", CAR),
    (added(Column("doors", "long")), "new field", "breaking", CAR),
    (column("price", type="double"), "type", "compatible", {}),
    (column("mileage", type="long", nullable=False), "type", "breaking", {**CAR, "mileage": 0.5}),
    (column("make", type="date"), "type", "breaking", CAR),
    (column("price", minimum=2), "minimum", "breaking", {**CAR, "price": 1}),
    (column("price", maximum=10), "maximum", "breaking", CAR),
    (column("mileage", maximum=10), "maximum", "breaking", CAR),
    (column("price", minimum=0), "minimum", "compatible", {}),
    (column("price", minimum=None), "minimum", "compatible", {}),
    (column("price", maximum=2e6), "maximum", "compatible", {}),
    (column("make", minimum=3), "minimum", "compatible", {}),
    (column("mileage", nullable=False), "missing value", "breaking", {**CAR, "mileage": None}),
    (column("as_of", default_today=False), "missing value", "breaking", {**CAR, "as_of": None}),
    (column("as_of", default_today=False, nullable=True), "missing value", "breaking", {}),
    (column("as_of", nullable=True), "nullable", "compatible", {}),
    (column("make", nullable=True), "missing value", "compatible", {}),
    (column("price", unit="EUR"), "unit", "breaking", {}),
    (column("price", unit=""), "unit", "notice", {}),
    (column("make", description="Who built it"), "description", "compatible", {}),
    (field("make", categories=("Ford",)), "categories", "notice", {}),
    (field("make", categories=("Ford", "Kia", "Lada")), "categories", "compatible", {}),
    (field("make", categories=("Kia", "Ford")), "categories", "compatible", {}),
    (field("make", example="Kia"), "example", "compatible", {}),
    (whole(model="vans"), "model", "breaking", {}),
    (whole(title="Autos"), "title", "compatible", {}),
    (whole(description="Days until taken off"), "meaning", "breaking", {}),
    (whole(horizon=90), "horizon", "breaking", {}),
    (whole(quantiles=(Quantile(0.1, 0.3),)), "quantiles", "breaking", {}),
    (whole(quantiles=(*CARS.quantiles, Quantile(0.9, 3.0))), "quantiles", "compatible", {}),
    (whole(quantiles=(Quantile(0.1, 0.3), Quantile(0.5, 0.9))), "quantiles", "compatible", {}),
]


@pytest.mark.parametrize(
    ("mutation", "what", "effect", "refused"),
    SINGLE,
    ids=[f"{what} {number}" for number, (_, what, _, _) in enumerate(SINGLE)],
)
def test_one_difference_is_told_with_what_it_means(
    mutation: Mutation, what: str, effect: Effect, refused: dict[str, Any]
) -> None:
    """Named, with how it was and is, why, and what to do; what is called a refusal is one."""
    other = mutation(CARS)
    change = next(each for each in compare_contracts(CARS, other) if each.what == what)
    assert change.effect == effect
    assert change.before != change.after
    assert change.why
    assert change.remedy or effect == "compatible"
    if refused:
        assert not CARS.parse(refused, today=TODAY)[1]
        assert other.parse(refused, today=TODAY)[1]


def test_a_new_field_that_may_be_left_out_moves_lists_of_values_alone() -> None:
    """Records are answered as before; rows sent as lists of values lack one, unless nobody sends such."""
    other = added(Column("doors", "double", nullable=True))(CARS)
    effects = {each.what: each.effect for each in compare_contracts(CARS, other)}
    assert effects == {"order of fields": "breaking", "new field": "compatible"}
    assert not breaks(compare_contracts(CARS, other, lists=False))


def test_fields_in_another_order_break_lists_of_values() -> None:
    """Two numbers that change places are not even refused."""
    (change,) = compare_contracts(CARS, replace(CARS, fields=CARS.fields[::-1]))
    assert (change.what, change.effect) == ("order of fields", "breaking")
    assert (change.before, change.after) == ("price, mileage, make, as_of", "as_of, make, mileage, price")


def test_a_service_that_passes_fields_over_takes_those_that_are_removed() -> None:
    """There the one who sends it has time; a new field may meet values that were passed over until now."""
    shorter = without("mileage")(CARS)
    found = compare_contracts(CARS, shorter, unknown_fields=True, lists=False)
    assert {each.what: each.effect for each in found} == {"order of fields": "notice", "removed": "notice"}
    back = compare_contracts(shorter, CARS, unknown_fields=True, lists=False)
    assert {each.what: each.effect for each in back} == {"order of fields": "notice", "new field": "notice"}


BOUNDS = st.none() | st.integers(-3, 3)
NAMES = ("a", "b", "c", "d")


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    """Any column of a name."""
    kind = draw(st.sampled_from(COLUMN_TYPES))
    bounds = [draw(BOUNDS), draw(BOUNDS)]
    if None not in bounds:
        bounds.sort(key=float)  # type: ignore[arg-type]
    return Column(
        name,
        kind,
        draw(st.sampled_from(["", "GBP", "EUR"])),
        kind != "long" and draw(st.booleans()),
        *bounds,
        draw(st.sampled_from(["", "x"])),
        kind == "date" and draw(st.booleans()),
    )


@st.composite
def any_field(draw: st.DrawFn, name: str) -> Field:
    """Any field of a name."""
    categories = draw(st.lists(st.sampled_from(["p", "q", "r"]), unique=True).map(tuple))
    return Field(draw(columns(name)), categories, draw(st.none() | st.integers(0, 2)))


@st.composite
def contracts(draw: st.DrawFn) -> RequestContract:
    """Any contract."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    quantiles = draw(st.lists(st.sampled_from([Quantile(0.1, 0.5), Quantile(0.9, 2.0)]), unique=True))
    return RequestContract(
        "m", "M", "Days", 180, tuple(draw(any_field(name)) for name in names), tuple(quantiles)
    )


@st.composite
def successors(draw: st.DrawFn, contract: RequestContract) -> RequestContract:
    """The same contract with one or two differences."""
    for _ in range(draw(st.integers(1, 2))):
        contract = draw(_once(contract))
    return contract


@st.composite
def _once(draw: st.DrawFn, contract: RequestContract) -> RequestContract:
    found = list(contract.fields)
    place = draw(st.integers(0, len(found) - 1))
    chosen = found[place]
    match draw(st.sampled_from(KINDS)):
        case "column":
            found[place] = replace(chosen, column=draw(columns(chosen.column.name)))
        case "part":
            other = draw(columns(chosen.column.name))
            part = draw(st.sampled_from(["type", "unit", "nullable", "minimum", "maximum", "default_today"]))
            # A column that contradicts itself is none to compare.
            with suppress(SpecError):
                changed = replace(chosen.column, **{part: getattr(other, part)})
                found[place] = replace(chosen, column=changed)
        case "field":
            found[place] = draw(any_field(chosen.column.name))
        case "remove" if len(found) > 1:
            del found[place]
        case "add" if set(NAMES) - set(contract.names):
            name = draw(st.sampled_from(sorted(set(NAMES) - set(contract.names))))
            found.insert(place, draw(any_field(name)))
        case "move":
            found.append(found.pop(place))
        case _:
            changes = st.sampled_from([{"title": "N"}, {"horizon": 90}, {"quantiles": ()}, {"model": "n"}])
            return replace(contract, **draw(changes))
    return replace(contract, fields=tuple(found))


KINDS = ["column", "part", "part", "part", "field", "remove", "add", "move", "whole"]
VALUES = {
    "string": st.sampled_from(["p", "q", "", "2026-01-01"]),
    "long": st.integers(-4, 4) | st.integers(-4, 4).map(float),
    "double": st.floats(-4, 4) | st.integers(-4, 4),
    "date": st.sampled_from(["2026-01-01", "2024-02-29"]),
}


@st.composite
def rows(draw: st.DrawFn, contract: RequestContract) -> dict[str, object]:
    """A row that a contract takes, or nearly so."""
    row: dict[str, object] = {}
    for each in contract.fields:
        found = each.column
        if each.required or draw(st.booleans()):
            low, high = (found.minimum, found.maximum) if found.numeric else (None, None)
            edges = [bound for bound in (low, high) if bound is not None]
            row[found.name] = draw(VALUES[found.type] | st.sampled_from([*edges, *edges] or ["p"]))
        elif draw(st.booleans()):
            row[found.name] = None
    return row


@given(contracts())
def test_a_contract_does_not_differ_from_itself(contract: RequestContract) -> None:
    """Nor from its copy out of a file."""
    assert compare_contracts(contract, RequestContract.from_dict(contract.to_dict())) == ()


@given(st.data())
def test_no_difference_is_passed_over(data: st.DataObject) -> None:
    """Whatever differs is told, of the field that differs; and nothing is told where nothing does."""
    before = data.draw(contracts())
    after = data.draw(successors(before) | contracts())
    changes = compare_contracts(before, after)
    assert bool(changes) == (before != after)
    pairs = (
        {each.column.name: each for each in before.fields},
        {each.column.name: each for each in after.fields},
    )
    differing = {name for name in NAMES if pairs[0].get(name) != pairs[1].get(name)}
    assert {each.field for each in changes} - {""} == differing


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans(), st.booleans())
def test_what_is_compatible_takes_what_was_taken(data: st.DataObject, lists: bool, unknown: bool) -> None:
    """A row that one contract takes the other takes too, in the same sense, where no change is breaking.

    Sent as a record, or as a list of values where such are sent.
    """
    before = data.draw(contracts())
    after = data.draw(successors(before))
    changes = compare_contracts(before, after, unknown_fields=unknown, lists=lists)
    if breaks(changes):
        return
    for row in data.draw(st.lists(rows(before), min_size=3, max_size=6)):
        if lists:
            row = {name: row.get(name) for name in before.names}
        parsed, problems = before.parse(row, today=TODAY, allow_unknown=unknown)
        if not problems:
            event("taken by both")
            sent = read_rows({"instances": [list(row.values())]}, after.names, 1)[0] if lists else row
            again, problems = after.parse(sent, today=TODAY, allow_unknown=unknown)
            assert problems == ()
            shared = [name for name in before.names if name in after.names]
            assert {name: again[name] for name in shared} == {name: parsed[name] for name in shared}
