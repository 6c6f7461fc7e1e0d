"""When the daemon looks: after a while, at once when the log has news, ever more rarely while all fails."""

from __future__ import annotations

import pytest

from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.watching.patience import MOST_SECONDS, Patience
from days_to_sell.release.watching.tail import Tail

MODEL = "tiny-model"


def test_looks_are_spread_around_their_interval() -> None:
    """Two daemons that were started together do not stay together."""
    waits = {Patience(30.0).after_success() for _ in range(50)}
    assert all(24 <= wait <= 36 for wait in waits)
    assert len(waits) > 25


def test_each_failure_doubles_the_wait_up_to_a_minute_and_a_success_ends_that() -> None:
    """However long something is down, it is asked again within a minute."""
    patience = Patience(30.0)
    waits = [patience.after_failure() for _ in range(100)]
    assert all(2**number / 2 <= wait <= 2**number for number, wait in enumerate(waits[:6]))
    assert all(MOST_SECONDS / 2 <= wait <= MOST_SECONDS for wait in waits[6:])
    patience.after_success()
    assert patience.after_failure() <= 1


@pytest.mark.parametrize(
    ("kind", "body", "tells"),
    [
        (Kind.PROMOTED, {}, True),
        (Kind.WITHDRAWN, {}, True),
        (Kind.GATES, {}, True),
        (Kind.OVERRIDE, {}, True),
        (Kind.STEP, {"step": "rollback", "state": "started"}, True),
        (Kind.STEP, {"step": "image", "state": "done"}, False),
        (Kind.RELEASED, {}, False),
        (Kind.FAILED, {}, False),
    ],
)
def test_what_others_write_is_news_once(log: EventLog, kind: Kind, body: dict[str, str], tells: bool) -> None:
    """What releases write themselves is none, and neither is what was there before."""
    write(log, Kind.PROMOTED, {})
    tail = Tail(log, [MODEL, "other-model"])
    assert tail.news() == set()
    write(log, kind, body)
    assert tail.news() == ({MODEL} if tells else set())
    assert tail.news() == set()


def write(log: EventLog, kind: Kind, body: dict[str, str]) -> None:
    """Write an event."""
    log.append(NewEvent(MODEL, kind, Actor("tests"), body=body))
