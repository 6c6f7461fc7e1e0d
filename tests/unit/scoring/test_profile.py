"""Profiles: fixed bins, distances with known answers, and a file that is not trusted."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.errors import PackageError
from days_to_sell.scoring.bins import NumberBins, TextBins
from days_to_sell.scoring.profile import Histogram, Profile, ks, ks_bound, psi, psi_mean, psi_noise

NUMBERS = NumberBins((0.0, 10.0, 20.0))
TEXTS = TextBins(("Ford", "Kia"), ("Lada",))
PROFILE = Profile(
    10,
    {
        "price": Histogram(NUMBERS, (1, 4, 4, 0, 1)),
        "make": Histogram(TEXTS, (6, 2, 1, 0, 1)),
    },
    Histogram(NumberBins((1.5, 90.0)), (1, 9, 0, 0)),
)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (-1, "<= 0"), (0.0, "<= 0"), (1e-9, "(0, 10]"), (10, "(0, 10]"), (10.5, "(10, 20]"), (20, "(10, 20]"),
        (21.0, "> 20"), (math.inf, "> 20"), (None, "(missing)"), (math.nan, "(missing)"),
    ],
)  # fmt: skip
def test_a_number_has_one_bin(value: float | None, label: str) -> None:
    """An edge belongs to the bin below it, and null and NaN are the same."""
    assert NUMBERS.labels[NUMBERS.finder()(value)] == label


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("Ford", "Ford"),
        ("Lada", "(other)"),
        ("ford", "(unseen)"),
        ("(other)", "(unseen)"),
        (None, "(missing)"),
    ],
)
def test_a_text_has_one_bin(value: str | None, label: str) -> None:
    """Seen and told apart, seen, never seen, or not there."""
    assert TEXTS.labels[TEXTS.finder()(value)] == label


@pytest.mark.parametrize(
    "make",
    [
        lambda: NumberBins(()),
        lambda: NumberBins((1.0, 1.0)),
        lambda: NumberBins((0.0, math.inf)),
        lambda: NumberBins((0.3, 0.30000000000000004)),
        lambda: TextBins(("a", "a")),
        lambda: TextBins(("a",), ("a",)),
        lambda: TextBins(("(missing)",)),
        lambda: TextBins(("a" * 1_001,)),
        lambda: Histogram(NUMBERS, (1, 2)),
        lambda: Histogram(TEXTS, (1, 1, 1, 1, -1)),
    ],
)
def test_bins_that_nobody_could_tell_apart_are_refused(make: Callable[[], object]) -> None:
    """Each bin has a name of its own, and each count its bin."""
    with pytest.raises(ValueError, match=r"must|counts"):
        make()


def test_the_index_of_a_worked_example() -> None:
    """Shares 0.5 and 0.5 against 0.75 and 0.25: (0.25) ln 1.5 + (-0.25) ln 0.5, but for the half rows."""
    exact = 0.25 * math.log(0.75 / 0.5) - 0.25 * math.log(0.25 / 0.5)
    assert psi([50_000, 50_000, 0], [75_000, 25_000, 0]) == pytest.approx(exact, abs=1e-4)
    assert psi([5, 3, 0, 2], [50, 30, 0, 20]) == pytest.approx(0, abs=0.01)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=20))
def test_the_index_is_finite_not_negative_and_the_same_both_ways(pairs: list[tuple[int, int]]) -> None:
    """Whatever bins are empty; of a sample and itself it is zero."""
    here, there = [e for e, _ in pairs], [a for _, a in pairs]
    if not (sum(here) and sum(there)):
        with pytest.raises(ValueError, match="nothing to compare"):
            psi(here, there)
        return
    assert 0 <= psi(here, there) < 100
    assert psi(here, there) == pytest.approx(psi(there, here))
    assert psi(here, here) == 0


def test_two_samples_of_one_population_stay_below_the_noise() -> None:
    """Of 1,000 pairs about one in a hundred exceeds the bounds: the bounds hold, and are not idle."""
    draw = np.random.default_rng(7)

    def sample(rows: int) -> list[int]:
        return [int(count) for count in draw.multinomial(rows, [0.1] * 10)]

    pairs = [(sample(2_000), sample(300)) for _ in range(1_000)]
    above = sum(psi(e, a) > psi_noise(e, a) for e, a in pairs)
    assert 2 <= above <= 25
    mean = sum(psi(e, a) for e, a in pairs) / len(pairs)
    assert mean == pytest.approx(psi_mean(*pairs[0]), rel=0.05)
    assert psi_mean(*pairs[0]) == pytest.approx(9 * (1 / 2_000 + 1 / 300))
    # Between edges the distance is not seen, so that the bound is wider than it need be.
    assert sum(ks(e, a) > ks_bound(2_000, 300) for e, a in pairs) <= 10


def test_the_noise_of_one_bin_is_nothing() -> None:
    """A column that never varies cannot differ by chance."""
    assert psi_noise([10, 0], [5, 0]) == psi_mean([10, 0], [5, 0]) == 0
    assert psi([10, 0], [5, 0]) == 0


def test_the_quantile_is_that_of_the_tables() -> None:
    """Chi-squared, 12 degrees of freedom, 99 %: 26.217; Kolmogorov-Smirnov, 99 %: 1.628 (Massey, 1951)."""
    assert psi_noise([1] * 13, [1] * 13) * 13 / 2 == pytest.approx(26.217, rel=2e-3)
    assert ks_bound(1_000, 1_000) == pytest.approx(1.628 * math.sqrt(2 / 1_000), rel=1e-3)


def test_the_distance_of_a_worked_example() -> None:
    """Cumulative shares 0.5, 1.0, 1.0 against 0.0, 0.5, 1.0."""
    assert ks([5, 5, 0], [0, 4, 4]) == pytest.approx(0.5)


def test_drift_tells_missing_values_from_moved_ones() -> None:
    """More missing values move the index alone; the distance is that of the values which are there."""
    histogram = Histogram(NUMBERS, (100, 400, 400, 0, 100))
    gaps = histogram.drift_of((50, 200, 200, 0, 550))
    assert gaps.ks == pytest.approx(0)
    assert gaps.psi > 1 > gaps.psi_noise
    assert gaps.rows == 1_000
    assert histogram.drift_of((0, 0, 0, 0, 9)).ks is None
    assert Histogram(TEXTS, (6, 2, 1, 0, 1)).drift_of((1, 1, 1, 1, 1)).ks is None


def test_a_profile_survives_its_file() -> None:
    """Columns keep their order."""
    again = Profile.from_dict(json.loads(json.dumps(PROFILE.to_dict())))
    assert again == PROFILE
    assert [name for name, _ in again.histograms] == ["price", "make", "days"]


def _spoilt(*path: Any, value: Any) -> dict[str, Any]:
    raw: Any = json.loads(json.dumps(PROFILE.to_dict()))
    inner = raw
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return dict(raw)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        [],
        _spoilt("rows", value=11),
        _spoilt("features", value=3),
        _spoilt("features", 0, "name", value="days"),
        _spoilt("features", 0, "name", value="make"),
        _spoilt("features", 0, "edges", value=[0, 10]),
        _spoilt("features", 0, "edges", value=[0, 10, "x"]),
        _spoilt("features", 0, "edges", value=[20, 10, 0]),
        _spoilt("features", 0, "counts", value=[1, 4, 4, 0, True]),
        _spoilt("features", 0, "counts", value=[1, 4, 4.0, 0, 1]),
        _spoilt("features", 1, "apart", value=["Ford", 3]),
        _spoilt("features", 1, "apart", value=["Ford", ["Kia"]]),
        _spoilt("prediction", value={"apart": ["a"], "others": [], "counts": [10, 0, 0, 0]}),
    ],
)
def test_a_damaged_profile_is_refused(raw: Any) -> None:
    """Whatever is in the file, the error is ours and says what to do."""
    with pytest.raises(PackageError, match=r"profile is damaged.*build the package again"):
        Profile.from_dict(raw)
