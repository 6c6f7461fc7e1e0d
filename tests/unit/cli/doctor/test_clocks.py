"""Clocks: only a difference that is certain is told."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from days_to_sell.cli.doctor.clocks import Clocks, Reading
from days_to_sell.cli.doctor.finding import Note


def read(place: str, shown: float | str) -> Clocks:
    """A clock that showed this just now."""
    clocks = Clocks()
    with clocks.timing(place) as told:
        told.append(shown)
    return clocks


def test_clocks_that_agree_are_named() -> None:
    """By header or by number, each place once."""
    clocks = read("S3", formatdate(time.time()))
    clocks.readings += read("the database", time.time()).readings * 2
    assert clocks.compare() == "within 5 s of this machine's: S3, the database"


@pytest.mark.parametrize("ahead", [-60, 60])
def test_a_clock_that_is_off_is_told_with_its_sign(ahead: int) -> None:
    """A header has whole seconds, so that is all that is told."""
    with pytest.raises(Note) as raised:
        read("the tracking server", formatdate(time.time() + ahead)).compare()
    assert abs(int(raised.value.said.split()[-2]) - ahead) <= 1
    assert "the tracking server" in raised.value.said
    assert "NTP" in raised.value.remedy


def test_a_slow_answer_is_no_wrong_clock() -> None:
    """Nobody knows when within it the clock was read."""
    assert not Reading("S3", 8.0, 4.0).off
    assert Reading("S3", 8.0, 2.0).off


def test_a_header_that_is_no_date_is_passed_over() -> None:
    """Then there was no clock to compare."""
    with pytest.raises(Note, match="not configured"):
        read("S3", "yesterday").compare()
