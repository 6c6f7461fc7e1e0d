"""What the log answers about an instant: Production by promotions, the service by releases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from days_to_sell.registry.events.event import Actor, Event, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.history.entries import entries
from days_to_sell.registry.history.then import Found, how_things_stood

Write = Callable[..., Event]


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """A log in a file."""
    return EventLog.open(f"sqlite:///{tmp_path / 'events.db'}")


@pytest.fixture
def write(log: EventLog) -> Write:
    """Write an event of one model."""

    def event(kind: Kind, version: str, digest: str = "", **body: object) -> Event:
        return log.append(NewEvent("cars", kind, Actor("ann"), version, digest or f"sha256:{version}", body))

    return event


def test_nothing_is_known_before_the_first_event() -> None:
    """Unknown is not the same as none."""
    then = how_things_stood([])
    assert then.production == Found(note="no promotion is recorded up to then")
    assert then.answering == Found(note="no release is recorded up to then")


def test_a_promotion_precedes_what_answers(log: EventLog, write: Write) -> None:
    """Between promotion and release, and after a release that failed, the version before answers."""
    write(Kind.PROMOTED, "7", to="7")
    released = write(Kind.RELEASED, "7")
    promoted = write(Kind.PROMOTED, "8", **{"from": "7", "to": "8"})
    write(Kind.FAILED, "8", reason="golden rows differ")
    write(Kind.REFUSED, "9", to="9", reasons=["a gate is red"])
    then = how_things_stood(log.read("cars"))
    assert then.production == Found("8", "sha256:8", promoted.at, (3,))
    assert then.answering == Found("7", "sha256:7", released.at, (2,))


def test_an_override_is_shown_as_long_as_it_holds(log: EventLog, write: Write) -> None:
    """With who, why and where; a version that came back by green gates shows none."""
    write(Kind.OVERRIDE, "7", reason="prices are wrong")
    write(Kind.PROMOTED, "7", to="7")
    said = "red gates were overridden: prices are wrong (ann, claimed; event 1)"
    assert how_things_stood(log.read("cars")).production.note == said
    write(Kind.PROMOTED, "8", **{"from": "7", "to": "8"})
    write(Kind.PROMOTED, "7", **{"from": "8", "to": "7"})
    assert how_things_stood(log.read("cars")).production.note == ""


def test_a_withdrawn_version_goes_on_answering(log: EventLog, write: Write) -> None:
    """Nothing is in Production then, and somebody may still ask the service."""
    write(Kind.PROMOTED, "7", to="7")
    write(Kind.RELEASED, "7")
    gone = write(Kind.WITHDRAWN, "7", **{"from": "7"})
    then = how_things_stood(log.read("cars"))
    assert then.production == Found("", "", gone.at, (3,), "the version before was withdrawn")
    assert then.answering.version == "7"


def test_a_rollback_moves_both(log: EventLog, write: Write) -> None:
    """And the digest is that of the version that came back, whichever version the event is about."""
    write(Kind.RELEASED, "7")
    write(Kind.RELEASED, "8")
    back = write(Kind.ROLLED_BACK, "8", **{"from": "8", "to": "7", "reason": "too many complaints"})
    then = how_things_stood(log.read("cars"))
    assert then.production == then.answering == Found("7", "sha256:7", back.at, (1, 3))


def test_a_release_without_a_recorded_promotion_tells_what_was_in_production(
    log: EventLog, write: Write
) -> None:
    """A registry without our store records none; the answer says what it rests on."""
    write(Kind.RELEASED, "7")
    then = how_things_stood(log.read("cars"))
    assert (then.production.version, then.production.evidence) == ("7", (1,))
    assert "no promotion is recorded" in then.production.note


def test_an_entry_tells_who_and_why(log: EventLog, write: Write) -> None:
    """With what was there before, all reasons, and each digest that the event names."""
    write(Kind.REFUSED, "8", **{"from": "7", "to": "8", "reasons": ["red", "missing"]})
    write(Kind.RELEASED, "8", image_digest="sha256:ab", data_digest="cd", run_digest=None)
    refused, released = entries(log.read("cars"))
    assert (refused.before, refused.after, refused.reason) == ("7", "8", "red; missing")
    assert (refused.who, refused.verified) == ("ann", False)
    assert released.digests == {"package": "sha256:8", "data_digest": "cd", "image_digest": "sha256:ab"}
