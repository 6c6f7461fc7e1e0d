"""Windows and the rule: N of M for one column, an alarm once, and nothing forgotten in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from days_to_sell.errors import MonitorError
from days_to_sell.release.monitoring.looks import Look
from days_to_sell.release.monitoring.memory import Memory
from days_to_sell.release.monitoring.windows import Rule, Window, judge
from days_to_sell.scoring.bins import NumberBins
from days_to_sell.scoring.profile import Drift, Histogram, Profile

PROFILE = Profile(
    4_000,
    {
        "price": Histogram(NumberBins((0.0, 1.0, 2.0)), (0, 2_000, 2_000, 0, 0)),
        "age": Histogram(NumberBins((0.0, 1.0, 2.0)), (0, 2_000, 2_000, 0, 0)),
    },
    Histogram(NumberBins((0.0, 1.0, 2.0)), (0, 2_000, 2_000, 0, 0)),
)
USUAL, MOVED = (0, 500, 500, 0, 0), (0, 50, 950, 0, 0)
SERVICE = "http://service"


class Service:
    """Counts that grow window by window, as those of a service do."""

    def __init__(self, since: float = 1.0) -> None:
        self.look = Look(since, {name: (0,) * 5 for name, _ in PROFILE.histograms})

    def count(self, **windows: tuple[int, ...]) -> Look:
        """Add a window: the usual rows, but for the columns that are named."""
        grown = {
            name: tuple(map(sum, zip(before, windows.get(name, USUAL), strict=True)))
            for name, before in self.look.counts.items()
        }
        self.look = Look(self.look.since, grown)
        return self.look


def follow(*moved: str, rule: Rule = Rule()) -> list[Window]:  # noqa: B008 - a frozen value
    """Judge one window for each word: the columns that moved in it."""
    service, memory, windows = Service(), Memory("d"), []
    for names in moved:
        look = service.count(**dict.fromkeys(names.split(), MOVED))
        memory, window = judge(PROFILE, rule, memory, {SERVICE: look})
        assert window is not None
        windows.append(window)
    return windows


def test_one_column_in_three_of_five_windows_raises_the_alarm_once() -> None:
    """It stands while the rule holds, falls when the windows are past, and can be raised again."""
    moved = ["price", "", "price", "", "price", "price", "", "", "", "price", "price", "price"]
    windows = follow(*moved)
    assert [window.drifted for window in windows] == [tuple(names.split()) for names in moved]
    assert [bool(window.standing) for window in windows] == [
        False, False, False, False, True, True, True, False, False, False, False, True,
    ]  # fmt: skip
    assert [window.number for window in windows if window.raised] == [5, 12]


def test_three_columns_once_each_are_no_alarm() -> None:
    """The rule is about one column, so many columns do not add up to one alarm."""
    assert not any(window.standing for window in follow("price", "age", "days", "", "price"))


def test_another_column_raises_an_alarm_of_its_own() -> None:
    """While one stands, a second is told by name."""
    windows = follow("price", "price", "price age", "age", "age")
    assert [window.raised for window in windows] == [(), (), ("price",), (), ("age",)]


def test_a_small_window_stays_open_and_loses_nothing() -> None:
    """Rows add up over looks until there are enough of them."""
    service, memory = Service(), Memory("d", window=4, recent=(("age",),))
    few = (0, 100, 100, 0, 0)
    for looks in range(1, 6):
        service.count(price=few, age=few, days=few)
        after, window = judge(PROFILE, Rule(min_rows=1_000), memory, {SERVICE: service.look})
        assert (window is None) == (looks < 5)
        assert looks == 5 or after is memory
    assert window is not None
    assert (window.number, window.rows, after.window) == (5, 1_000, 5)
    assert after.recent == (("age",), ())


def test_services_are_summed_and_a_restarted_one_is_told() -> None:
    """Each address is followed by itself; what a restart left uncounted is said."""
    one, two = Service(), Service()
    looks = {"http://1": one.count(), "http://2": two.count(price=MOVED)}
    memory, window = judge(PROFILE, Rule(), Memory("d"), looks)
    assert window is not None
    assert (window.rows, window.restarted) == (2_000, False)
    again = Service(since=9.0)
    memory, window = judge(PROFILE, Rule(), memory, {"http://1": one.count(), "http://2": again.count()})
    assert window is not None
    assert (window.rows, window.restarted) == (2_000, True)
    assert memory.looks["http://2"].since == 9.0


@pytest.mark.parametrize(
    ("psi", "mean", "noise", "drifted"),
    [(0.25, 0.01, 0.05, True), (0.25, 0.06, 0.2, False), (0.25, 0.01, 0.3, False), (0.19, 0.0, 0.0, False)],
)
def test_chance_is_no_drift(psi: float, mean: float, noise: float, drifted: bool) -> None:
    """What chance adds on average does not count, nor what it can add at most."""
    assert Rule().drifted(Drift(100, psi, mean, noise, None, None)) is drifted


@pytest.mark.parametrize("change", [{"needed": 6}, {"needed": 0}, {"psi": 0.0}, {"min_rows": 0}])
def test_a_rule_that_always_or_never_holds_is_refused(change: dict[str, Any]) -> None:
    """The message says what a rule needs."""
    with pytest.raises(MonitorError, match="choose 1 <= N <= M"):
        replace(Rule(), **change)
