"""What a model is judged by is checked when it is declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from days_to_sell.errors import SpecError
from days_to_sell.spec import (
    Candidate,
    Category,
    Direction,
    Judgement,
    ModelSpec,
    Number,
    Place,
    Slice,
    Source,
    SourceColumn,
)
from days_to_sell.spec.columns import ColumnType


def declare(judgement: Judgement) -> ModelSpec:
    """Declare a model of one number and one text."""
    return ModelSpec(
        name="m",
        title="M",
        description="a model",
        sources=(),
        features=(Number("price"), Category("make")),
        candidates=(Candidate.of("AFTSurvivalRegression"),),
        judgement=judgement,
    )


def test_a_judgement_over_declared_columns_is_accepted() -> None:
    """Raw columns and features may be looked at."""
    judgement = Judgement(
        slices=(Slice("make"), Slice("price", (1.0, 2.0))),
        segment=("make",),
        directions=(Direction("price", 0.1, "longer"),),
        curves=("price",),
    )
    assert declare(judgement).judgement == judgement


@pytest.mark.parametrize(
    ("judgement", "use"),
    [
        (Judgement(slices=(Slice("colour"),)), "a slice"),
        (Judgement(segment=("colour",)), "the segment"),
        (Judgement(directions=(Direction("make", 0.1, "longer"),)), "a direction"),
        (Judgement(curves=("make",)), "a curve"),
        (Judgement(place=Place("outcode", "geography", "area")), "the place"),
    ],
)
def test_a_judgement_over_what_is_not_there_says_what_is(judgement: Judgement, use: str) -> None:
    """The message names the use, the column and the choices."""
    with pytest.raises(SpecError, match=rf"^{use} .* names .*; choose one of price"):
        declare(judgement)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (Place("make", "atlas", "area"), "reads 'atlas', which is no source of the model; choose one of geo"),
        (Place("make", "geo", "area", "lat"), "reads lat, which source 'geo' does not declare"),
    ],
)
def test_a_place_that_no_source_gives_is_refused(place: Place, wrong: str) -> None:
    """The source is one of the model's, and declares the key, the area and its position."""
    names: dict[str, ColumnType] = {
        "make": "string",
        "area": "string",
        "latitude": "double",
        "longitude": "double",
    }
    columns = tuple(SourceColumn(name, kind) for name, kind in names.items())
    with pytest.raises(SpecError, match=wrong):
        replace(
            declare(Judgement()),
            sources=(Source("geo", ("make",), columns),),
            judgement=Judgement(place=place),
        )


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_direction_that_cannot_fail_or_pass_is_refused(share: float) -> None:
    """A share lies in (0, 1], and a step is above zero."""
    with pytest.raises(SpecError, match="share"):
        Direction("price", 0.1, "longer", share)
    with pytest.raises(SpecError, match="step"):
        Direction("price", 0.0, "longer")


def test_bands_are_given_in_order() -> None:
    """Edges out of order, or twice the same, are refused."""
    with pytest.raises(SpecError, match="ascending"):
        Slice("price", (2.0, 1.0))
    with pytest.raises(SpecError, match="1 or more"):
        Slice("make", top=0)
