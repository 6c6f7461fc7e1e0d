"""Slices: named, in order, and silent where they are too small to say anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from days_to_sell.spec import Slice
from days_to_sell.training.evaluation.bootstrap import Resamples
from days_to_sell.training.evaluation.outcomes import Outcomes
from days_to_sell.training.evaluation.slices import LEAST_ROWS, by_slice, cut


def test_numbers_fall_into_bands() -> None:
    """An edge belongs to the band above it; a missing number has a band; empty ones are not shown."""
    labels, names = cut(Slice("price", (5_000, 10_000, 90_000)), pd.Series([4_999, 5_000, 10_000, np.nan]))
    assert labels.tolist() == ["below 5,000", "5,000 to 10,000", "10,000 to 90,000", "missing"]
    assert names == ["below 5,000", "5,000 to 10,000", "10,000 to 90,000", "missing"]


def test_the_most_frequent_texts_are_told_apart() -> None:
    """The rest is one slice, shown last; of equal ones the alphabet decides."""
    labels, names = cut(Slice("make", top=2), pd.Series(["B", "A", "C", "C", None, "B"]))
    assert names == ["B", "C", "other"]
    assert labels.tolist() == ["B", "other", "C", "C", "other", "B"]


def test_slices_are_measured_apart() -> None:
    """One make's cars all take ten days longer than said, the other's do not; a third has too few."""
    random = np.random.default_rng(1)
    make = pd.Series(["A"] * 400 + ["B"] * 300 + ["C"] * (LEAST_ROWS - 1))
    days = random.uniform(10, 40, len(make))
    late = np.where(make == "B", 10.0, 0.0)
    outcomes = Outcomes(days + late, np.full(len(make), True), 180.0)
    resamples = Resamples.draw(pd.Series(range(len(make))), replicates=30)
    a, b, c = by_slice(Slice("make"), make, outcomes, days, resamples)
    assert (a.value, a.rows, b.value, b.rows, c.value) == ("A", 400, "B", 300, "C")
    assert a.metrics["bias_days"].value == pytest.approx(0)
    assert b.metrics["bias_days"].value == pytest.approx(-10)
    assert b.metrics["mae_days"].value == pytest.approx(10)
    assert b.metrics["c_index_ipcw"].value == 1.0
    assert c.too_small
    assert not a.too_small


def test_a_slice_in_which_nothing_was_sold_is_too_small() -> None:
    """Rows that are all lost say as little as none."""
    make = pd.Series(["A"] * 300)
    outcomes = Outcomes(np.full(300, 50.0), np.full(300, False), 180.0)
    (only,) = by_slice(Slice("make"), make, outcomes, np.arange(300.0), Resamples.draw(make, replicates=3))
    assert (only.rows, only.sales, only.too_small) == (300, 0, True)
