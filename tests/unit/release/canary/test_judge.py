"""The judge of a canary: who is stopped, who is not, and after how many requests."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import mean

import pytest

from bench.canary import CASES, canaries
from days_to_sell.release.canary.evidence import Counts
from days_to_sell.release.canary.judge import Judge, beyond
from days_to_sell.release.canary.rule import ERRORS, LATENCY, PREDICTIONS, Rule

RULE = Rule(requests=300)


def test_a_candidate_that_is_the_same_is_stopped_no_more_often_than_promised() -> None:
    """400 of them, looked at after every 20 requests: 1 in 100 at most, and all others are promoted."""
    found = canaries(CASES["the same"], RULE, 400)
    stopped = sum(each.outcome == "stopped" for each in found)
    assert stopped / len(found) <= RULE.alpha
    assert {each.outcome for each in found} <= {"promoted", "stopped"}


def test_the_promise_holds_without_any_tolerance() -> None:
    """A promise of 1 in 5 is kept where even the smallest difference would be a reason."""
    strict = replace(RULE, alpha=0.2, tolerated=dict.fromkeys((ERRORS, LATENCY, PREDICTIONS), 1.0))
    found = canaries(CASES["the same"], strict, 100)
    assert sum(each.outcome == "stopped" for each in found) / len(found) <= 0.2


@pytest.mark.parametrize(
    ("case", "kind", "at_most"),
    [
        ("errors 5 %", ERRORS, 150),
        ("every request an error", ERRORS, 10),
        ("answers three times as slow", LATENCY, 60),
        ("predictions twice as long", PREDICTIONS, 60),
        ("predictions half as long", PREDICTIONS, 60),
    ],
)
def test_a_bad_candidate_is_stopped_for_what_is_bad_of_it(case: str, kind: str, at_most: int) -> None:
    """Every one, long before it would be promoted."""
    found = canaries(CASES[case], Rule(), 25)
    assert {each.outcome for each in found} == {"stopped"}
    assert all(each.reason.startswith(f"{kind}: ") for each in found)
    assert mean(each.candidate for each in found) < at_most


@pytest.mark.parametrize("case", ["answers 20 % slower", "predictions 10 % longer"])
def test_what_is_tolerated_is_promoted(case: str) -> None:
    """A version that was trained again answers a little otherwise; that is what it was trained for."""
    assert {each.outcome for each in canaries(CASES[case], RULE, 25)} == {"promoted"}


def looks(judge: Judge, candidate: Counts, incumbent: Counts, times: int) -> None:
    """Show the judge the same again and again."""
    for _ in range(times):
        judge.look(candidate, incumbent)


GOOD = Counts(2, 0, 2, {0.01: 2, 0.1: 2, math.inf: 2}, {30.0: 1})
SERVING = Counts(18, 0, 18, {0.01: 18, 0.1: 18, math.inf: 18}, {30.0: 9})


def test_it_ends_with_enough_requests_or_with_the_time() -> None:
    """Too few requests are no proof: they leave what serves as it is."""
    judge = Judge(Rule(requests=100, seconds=60.0))
    looks(judge, GOOD, SERVING, 49)
    assert judge.verdict(59.0) is None
    undecided = judge.verdict(60.0)
    assert undecided is not None
    assert (undecided.outcome, undecided.reason) == ("undecided", "98 of 100 requests came in time")
    looks(judge, GOOD, SERVING, 1)
    promoted = judge.verdict(61.0)
    assert promoted is not None
    assert (promoted.outcome, promoted.candidate, promoted.incumbent) == ("promoted", 100, 900)


def test_without_an_incumbent_to_compare_with_nobody_is_promoted() -> None:
    """All requests of a consumer may have gone to the candidate alone."""
    judge = Judge(Rule(requests=50))
    looks(judge, GOOD, Counts(), 40)
    assert judge.verdict(1.0) is None


def test_what_an_answer_is_held_against_is_what_the_incumbent_did_before() -> None:
    """And a slow answer is none below the time that nobody minds."""
    judge = Judge(Rule(slow_seconds=0.05))
    slow = replace(GOOD, times={0.01: 0, 0.1: 2, math.inf: 2})
    looks(judge, slow, SERVING, 100)
    assert judge.evidence[LATENCY] == 1.0
    judge = Judge(Rule())
    looks(judge, slow, SERVING, 6)
    assert judge.evidence[LATENCY] == 1.0
    looks(judge, slow, SERVING, 6)
    verdict = judge.verdict(1.0)
    assert verdict is not None
    assert verdict.reason == (
        "latency: 100.0% answers slower than 0.01 s against 0.0% at the incumbent, "
        "after 24 requests to the candidate"
    )
    assert verdict.shares[LATENCY] == (1.0, 0.0)


def test_predictions_beyond_an_edge_are_those_that_are_so_for_certain() -> None:
    """Two versions have bins of their own: an edge counts by the nearest on the safe side."""
    candidate = Counts(10, 0, 10, {}, {25.0: 3, 40.0: 6})
    incumbent = Counts(100, 0, 100, {}, {20.0: 10, 30.0: 50, 50.0: 90})
    mine, others = beyond(candidate, incumbent, (20.0, 30.0, 50.0))
    assert mine == (0, 7, 3, 4, 6, 0)
    assert others == (10, 90, 50, 50, 90, 10)


def test_a_request_counts_once_however_many_rows_it_has() -> None:
    """Rows of one request went to one version together, so they are no witnesses of their own."""
    candidate = Counts(4, 0, 400, {}, {30.0: 399})
    incumbent = Counts(20, 2, 90, {}, {30.0: 44})
    assert beyond(candidate, incumbent, (30.0,)) == ((3, 0), (9, 10))


def test_the_log_keeps_what_was_found() -> None:
    """Share, requests, verdict and reason, as JSON."""
    judge = Judge(Rule(requests=10))
    looks(judge, GOOD, SERVING, 5)
    verdict = judge.verdict(2.0)
    assert verdict is not None
    assert verdict.to_body() == {
        "verdict": "promoted",
        "verdict_reason": "nothing against it in 10 requests",
        "share_percent": 10,
        "candidate_requests": 10,
        "incumbent_requests": 90,
        "watched_seconds": 2.0,
        "evidence": {ERRORS: 1.0, LATENCY: 1.0, PREDICTIONS: pytest.approx(1.0, abs=0.9)},
        "shares": {ERRORS: [0.0, 0.0], PREDICTIONS: [0.5, 0.5]},
    }
