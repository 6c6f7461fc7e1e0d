"""What was in Production at an instant, and what answered there, with the events that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from days_to_sell.registry.events import overrides
from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.history.entries import version_after

DECIDES = (Kind.PROMOTED, Kind.WITHDRAWN, Kind.ROLLED_BACK)
ANSWERS = (Kind.RELEASED, Kind.ROLLED_BACK)


@dataclass(frozen=True)
class Found:
    """One answer of the log.

    Args:
        version: The version; empty where it was none, or where the log does not know.
        digest: Digest of its model package; empty where no event names it.
        since: Time of the event that made it so; empty where there is no such event.
        evidence: Numbers of the events that say so.
        note: What a reader has to know of the answer; empty where nothing.
    """

    version: str = ""
    digest: str = ""
    since: str = ""
    evidence: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Then:
    """How things stood at an instant.

    Args:
        production: The version that the registry had in Production.
        answering: The version that was proven to serve in production.
    """

    production: Found
    answering: Found


def how_things_stood(events: Sequence[Event]) -> Then:
    """Tell how things stood after the last of a model's events.

    Args:
        events: All events of a model up to the instant, in the order of its chain.
    """
    answering = _from(_last(events, ANSWERS), events, unknown="no release is recorded up to then")
    decided = _last(events, DECIDES)
    if decided is None and answering.version:
        # A registry without our store records no promotion, but nothing else is ever released.
        note = "no promotion is recorded: it was released, and so was in Production when that began"
        return Then(Found(answering.version, answering.digest, "", answering.evidence, note), answering)
    return Then(_from(decided, events, unknown="no promotion is recorded up to then"), answering)


def _from(event: Event | None, events: Sequence[Event], *, unknown: str) -> Found:
    if event is None:
        return Found(note=unknown)
    version = version_after(event)
    if not version:
        return Found("", "", event.at, (event.number,), "the version before was withdrawn")
    # The digest of an event is that of the version it is about, which need not be the one put in place.
    told = [each for each in reversed(events) if each.version == version and each.digest]
    if event.version == version and event.digest:
        told = [event]
    evidence = sorted({event.number, *(each.number for each in told[:1])})
    digest = told[0].digest if told else ""
    override = overrides.open_override(events, version, digest)
    note = f"red gates were overridden: {overrides.told(override)}" if override else ""
    return Found(version, digest, event.at, tuple(evidence), note)


def _last(events: Sequence[Event], kinds: Sequence[Kind]) -> Event | None:
    return next((event for event in reversed(events) if event.kind in kinds), None)
