"""Classes of expressions behave as frozen dataclasses do."""

from __future__ import annotations

import pytest

from days_to_sell.scoring.plan.expressions import Constant, NumberIn, Weighted


def test_fields_are_given_by_place_or_name_and_may_have_defaults() -> None:
    """Each is there, in patterns too; one that is not given has its default."""
    x = NumberIn("x")
    total = Weighted((2.0,), numbers=(x,))
    assert (total.weights, total.numbers, total.start) == ((2.0,), (x,), 0.0)
    match Weighted((2.0,), (x,), 1.0):
        case Weighted(weights, numbers, start):
            assert (weights, numbers, start) == ((2.0,), (x,), 1.0)
    assert repr(Constant(0.5)) == "Constant(value=0.5)"


@pytest.mark.parametrize(
    "given", [((), {}), ((1.0, 2.0), {}), ((1.0,), {"value": 1.0}), ((), {"number": 1.0})]
)
def test_other_fields_than_its_own_are_refused(given: tuple[tuple[float, ...], dict[str, float]]) -> None:
    """Too few, too many, twice, and unknown ones."""
    values, named = given
    with pytest.raises(TypeError, match="Constant takes value"):
        Constant(*values, **named)  # type: ignore[arg-type]


def test_an_expression_is_itself_and_stays_so() -> None:
    """Two with the same fields are two; neither can be changed."""
    assert Constant(1.0) != Constant(1.0)
    with pytest.raises(AttributeError, match="is not changed"):
        Constant(1.0).value = 2.0  # type: ignore[misc]
