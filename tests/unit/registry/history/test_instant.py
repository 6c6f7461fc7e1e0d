"""Times as people write them."""

from __future__ import annotations

import pytest

from days_to_sell.errors import EventLogError
from days_to_sell.registry.history.instant import read_instant


@pytest.mark.parametrize(
    ("text", "at", "zone"),
    [
        ("2026-03-01", "2026-03-01T00:00:00.000000+00:00", "no zone was given: taken as UTC"),
        ("2026-03-01T09:30", "2026-03-01T09:30:00.000000+00:00", "no zone was given: taken as UTC"),
        ("2026-03-01T09:30Z", "2026-03-01T09:30:00.000000+00:00", "zone as given: UTC"),
        ("2026-03-01T00:30:00.5+01:00", "2026-02-28T23:30:00.500000+00:00", "zone as given: UTC+01:00"),
    ],
)
def test_a_time_is_read_in_its_zone(text: str, at: str, zone: str) -> None:
    """And written as the log writes times, so that the two compare as texts."""
    found = read_instant(text)
    assert (found.at, found.zone) == (at, zone)


@pytest.mark.parametrize(
    ("text", "said"),
    [("yesterday", "is no time"), ("0001-01-01T00:00+05:00", "is no time"), ("9999-01-01", "not come yet")],
)
def test_what_is_no_time_that_was_is_refused(text: str, said: str) -> None:
    """With how to write one."""
    with pytest.raises(EventLogError, match=said):
        read_instant(text)
