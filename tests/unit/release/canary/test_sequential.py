"""The evidence of a canary: small where nothing is beyond what is tolerated, whenever it is looked at."""

from __future__ import annotations

import math
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from days_to_sell.release.canary.sequential import SUSPECTED, Evidence


def chances(candidate: int, incumbent: int, hits: int, odds: float) -> dict[int, float]:
    """How the hits of both fall on the candidate, by Fisher's noncentral hypergeometric distribution."""
    mine = range(max(0, hits - incumbent), min(candidate, hits) + 1)
    weights = {each: comb(candidate, each) * comb(incumbent, hits - each) * odds**each for each in mine}
    return {each: weight / sum(weights.values()) for each, weight in weights.items()}


def factor(candidate: int, incumbent: int, mine: int, others: int, tolerated: float = 1.0) -> float:
    """The evidence of one look."""
    evidence = Evidence(1, tolerated)
    evidence.look((candidate, incumbent), [mine], [others])
    return evidence.value


@given(
    some.integers(1, 12),
    some.integers(1, 30),
    some.integers(0, 42),
    some.floats(0.3, 4.0),
    some.floats(0.1, 1.0),
)
def test_a_look_is_expected_to_leave_it_as_it_is_or_less(
    candidate: int, incumbent: int, hits: int, tolerated: float, within: float
) -> None:
    """So it is for any odds that are tolerated, and exactly as it is at the largest of them."""
    hits = min(hits, candidate + incumbent)
    for odds in (tolerated * within, tolerated):
        found = chances(candidate, incumbent, hits, odds)
        expected = math.fsum(
            chance * factor(candidate, incumbent, mine, hits - mine, tolerated)
            for mine, chance in found.items()
        )
        assert expected <= 1 + 1e-9
    assert expected == pytest.approx(1.0, rel=1e-9)


def test_it_is_the_likelihood_ratio_that_a_hand_can_work_out() -> None:
    """One error of one request, and none of nine: a chance of one in ten under equal odds."""
    ratios = [(times / (times + 9)) / (1 / 10) for times in SUSPECTED]
    assert factor(1, 9, 1, 0) == pytest.approx(sum(ratios) / len(ratios), rel=1e-12)


@pytest.mark.parametrize(
    "look", [((0, 9), [0], [3]), ((4, 0), [4], [0]), ((2, 18), [0], [0]), ((2, 18), [2], [18])]
)
def test_what_says_nothing_changes_nothing(
    look: tuple[tuple[int, int], list[int], list[int]],
) -> None:
    """A side without requests, no hit at all, or nothing but hits."""
    evidence = Evidence(1, 1.0)
    evidence.look(*look)
    assert evidence.value == 1.0


def test_it_names_the_kind_of_hit_that_speaks() -> None:
    """Of three that are counted on the same requests."""
    evidence = Evidence(3, 1.0)
    for _ in range(20):
        evidence.look((2, 18), [0, 2, 1], [1, 1, 9])
    assert evidence.strongest == 1
    assert evidence.value > 1e6


def test_numbers_beyond_a_float_are_only_very_large() -> None:
    """A candidate that fails everything for long overflows nothing."""
    evidence = Evidence(1, 1.0)
    for _ in range(400):
        evidence.look((100, 900), [100], [0])
    assert 1e100 < evidence.value < math.inf


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_at_the_largest_odds_that_are_tolerated_it_seldom_ever_gets_large(share: float) -> None:
    """Looked at 200 times, with hits whose share changes all the time, in 1 of 20 cases at most."""
    random, tolerated, alpha, runs, false = np.random.default_rng(5), 1.5, 0.05, 300, 0
    for _ in range(runs):
        evidence = Evidence(1, tolerated)
        for look in range(200):
            odds = 0.2 + 0.1 * math.sin(look / 9)
            mine = random.binomial(20, share)
            candidate = random.binomial(mine, tolerated * odds / (1 + tolerated * odds))
            incumbent = random.binomial(20 - mine, odds / (1 + odds))
            evidence.look((mine, 20 - mine), [candidate], [incumbent])
            if evidence.value >= 1 / alpha:
                false += 1
                break
    # Three standard deviations above alpha.
    assert false / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
