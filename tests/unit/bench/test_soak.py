"""A short soak of the real service: thousands of requests by wrk, none lost, failed or answered wrongly."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cars import Case, cases
from bench.soak import SAMPLE, Soaked, check, findings, soak
from bench.wrk import Load
from days_to_sell.scoring.predictor import Predictor
from tests.packages import make_package

REQUESTS = 20_000


@pytest.mark.parts
@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs wrk, which makes the load")
def test_twenty_thousand_requests_are_answered_exactly_once_and_rightly(tmp_path: Path) -> None:
    """As many answers as requests, no error, every sampled answer the scorer's, and the same two workers."""
    found = soak(make_package(tmp_path / "package"), REQUESTS, tmp_path, bodies=500)

    assert (found.load.requests, dict(found.load.errors), list(found.wrong)) == (REQUESTS, {}, [])
    assert found.checked == REQUESTS // SAMPLE
    assert not findings(found).missed


def test_rows_of_a_soak_differ_and_have_the_scorer_s_answers(tmp_path: Path) -> None:
    """No body comes twice, and each stands beside what the scorer answers to it."""
    package = make_package(tmp_path / "package")
    found = cases(package, 200)

    assert len({case.body for case in found}) == 200
    predictor = Predictor(package)
    assert [predictor.predict(json.loads(case.body)["dataframe_records"]) for case in found] == [
        [case.days] for case in found
    ]


def test_a_wrong_answer_and_a_refusal_are_told() -> None:
    """Of four replies the right one passes; another number, another status and a lost name do not."""
    lines = [
        '200\tbody-0\t{"predictions": [7.5]}',
        '200\tbody-0\t{"predictions": [7.6]}',
        "503\tbody-0\t{}",
        '200\t\t{"predictions": [7.5]}',
        "end",
    ]
    checked, wrong = check(lines, [Case("{}", 7.5)])

    assert (checked, len(wrong)) == (4, 3)


def test_a_soak_fails_on_errors_lost_answers_and_growing_memory() -> None:
    """Each of what a soak looks for is reason enough to fail, and a clean one has none."""
    load = Load(REQUESTS, 2.0, 0.3, 0.5, 0.9, {})
    good = Soaked(load, REQUESTS, 20, (), 33.0, 33.5)

    assert not findings(good).missed
    for bad in (
        replace(good, load=replace(load, errors={"status": 1})),
        replace(good, load=replace(load, requests=REQUESTS - 1)),
        replace(good, checked=0),
        replace(good, wrong=("another number",)),
        replace(good, last_mib=36.0),
    ):
        assert len(findings(bad).missed) == 1
