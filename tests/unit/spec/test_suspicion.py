"""Bounds and thresholds that could not do their work are refused where they are declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from days_to_sell.errors import SpecError
from days_to_sell.spec import Suspicion, Threshold, Volume, Within

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "range without a bound": (lambda: Within("price"), "column 'price' .* give a minimum, a maximum"),
    "range upside down": (lambda: Within("price", 9, 1), "within 9 and 1; give"),
    "volume that shrinks always": (lambda: Volume(0.2, 0.9), "choose least up to 1 and most from 1"),
    "volume of nothing": (lambda: Volume(0, 2), "choose least up to 1"),
    "stop before the warning": (lambda: Threshold(0.3, 0.2), "choose 0 < warning <= red"),
    "share that is met by chance": (
        lambda: Suspicion(follows_time=0.4),
        "follows_time is 0.4; choose one",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_not_do_its_work_is_refused(case: str) -> None:
    """The message holds the numbers and the way out."""
    declare, said = REFUSED[case]
    with pytest.raises(SpecError, match=said):
        declare()


def test_a_range_may_be_open_on_one_side() -> None:
    """One bound is enough."""
    assert Within("price", maximum=9).minimum is None
    assert Within("price", 0).maximum is None
