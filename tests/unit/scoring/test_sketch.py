"""The sketch: each row one step in each column's bins, by the bins' own rule."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.scoring.bins import NumberBins, TextBins
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.scoring.sketch import NO_PROFILE, Layout

PROFILE = Profile(
    4,
    {
        "price": Histogram(NumberBins((0.0, 10.0, 20.0)), (1, 1, 1, 0, 1)),
        "make": Histogram(TextBins(("Ford", "Kia"), ("Lada",)), (1, 1, 1, 1, 0)),
        "age": Histogram(NumberBins((5.0,)), (4, 0, 0)),
    },
    Histogram(NumberBins((1.5, 90.0)), (1, 3, 0, 0)),
)
NUMBERS = st.none() | st.floats() | st.sampled_from([0.0, 10.0, 20.0])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "price": NUMBERS,
            "make": st.none() | st.sampled_from(["Ford", "Kia", "Lada", "(other)", ""]) | st.text(),
            "age": NUMBERS,
            "days": st.floats(0, 180),
        }
    ),
    max_size=30,
)


@given(ROWS)
def test_every_row_falls_into_the_bin_that_the_profile_says(rows: list[dict[str, Any]]) -> None:
    """Whatever comes: missing, infinite, unseen, on an edge."""
    layout = Layout(PROFILE)
    counters = [0] * layout.size
    observe = layout.observer(counters)
    for row in rows:
        observe(row, row["days"])
    counted = layout.read(counters)
    assert counted.rows == len(rows)
    assert counted.days == pytest.approx(math.fsum(row["days"] for row in rows), abs=1e-6 * (len(rows) + 1))
    for name, histogram in PROFILE.histograms:
        places = [histogram.bins.finder()(row[name]) for row in rows]
        assert counted.bins[name] == tuple(places.count(index) for index in range(histogram.bins.size))


def test_the_sum_of_days_never_goes_back() -> None:
    """A model without bounds may answer below zero; a counter that falls would pass for a restart."""
    layout = Layout(PROFILE)
    counters = [0] * layout.size
    observe = layout.observer(counters)
    observe({"price": 1.0, "make": None, "age": 1.0}, 12.5)
    observe({"price": 1.0, "make": None, "age": 1.0}, -3.0)
    assert (layout.read(counters).rows, layout.read(counters).days) == (2, 12.5)


def test_an_answer_beyond_all_days_is_counted_and_not_added() -> None:
    """A model without bounds may answer what no 64 bits hold; the bins tell of it, and the sum is right."""
    layout = Layout(PROFILE)
    counters = memoryview(bytearray(8 * layout.size)).cast("Q")
    observe = layout.observer(counters)
    for days in (12.5, 1e14, 1e303):
        observe({"price": 1.0, "make": None, "age": 1.0}, days)
    counted = layout.read(counters)
    assert (counted.rows, counted.days, counted.bins["days"]) == (3, 12.5, (0, 1, 2, 0))


def test_without_a_profile_rows_alone_are_counted() -> None:
    """No column is looked at."""
    layout = Layout(NO_PROFILE)
    counters = [0] * layout.size
    layout.observer(counters)({}, 30.0)
    assert layout.read(counters).rows == 1
