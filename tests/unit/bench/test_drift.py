"""The rates of the drift part are counted as they say, over windows of the monitor's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bench import drift
from bench.drift import Rates
from bench.part import Task
from days_to_sell.release.monitoring.windows import Rule
from days_to_sell.scoring.profile import Drift


def _series(*windows: Mapping[str, float]) -> Sequence[Mapping[str, Drift]]:
    return [{name: Drift(500, psi, 0.0, 0.0, None, None) for name, psi in each.items()} for each in windows]


def test_rates_are_shares_of_windows_and_of_series() -> None:
    """One series raises an alarm in its fourth window, the other in none."""
    moved, still = {"price": 0.3, "age": 0.0}, {"price": 0.1, "age": 0.0}
    found = [_series(moved, still, moved, moved), _series(still, moved, still, {"price": 0.1, "age": 0.3})]
    assert Rates.of(Rule(), found) == Rates(drifted=5 / 8, alarms=0.5, after=4, column="price")
    assert Rates.of(Rule(psi=0.5), found) == Rates(drifted=0.0, alarms=0.0, after=None, column="")


def test_a_short_run_finds_dearer_cars_and_stays_quiet_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The market, its shifts, profile and windows fit together; every case has its figures."""
    monkeypatch.setattr(drift, "SERIES", 4)
    monkeypatch.setattr(drift, "SIZES", (500,))
    found = drift.run(Task(tmp_path, 5_000, None, lambda line: None))
    quiet = found.figures["nothing: other cars of the same market; 500 rows"]["psi_0.2"]
    dearer = found.figures["prices +10 %; 500 rows"]["psi_0.2"]
    assert (quiet["alarms"], quiet["column"]) == (0.0, "")
    assert (dearer["alarms"], dearer["after"], dearer["column"]) == (1.0, 3, "price_over_valuation")
    assert len(found.figures) == len(drift.CASES) + 1
    assert found.missed == []
