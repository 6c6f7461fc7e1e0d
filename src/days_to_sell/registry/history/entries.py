"""What a person reads of the log: who did what to which version, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from days_to_sell.registry.events.event import Event, Kind

# Gates and steps are many; they are evidence for these.
TOLD = (
    Kind.PROMOTED,
    Kind.WITHDRAWN,
    Kind.REFUSED,
    Kind.OVERRIDE,
    Kind.COMMITTED,
    Kind.RELEASED,
    Kind.FAILED,
    Kind.ROLLED_BACK,
)


@dataclass(frozen=True)
class Entry:
    """One line of a model's history.

    Args:
        number: Of the event in the model's chain.
        at: When, in UTC as ISO 8601.
        what: Kind of the event.
        version: Version that it is about; empty where it is about none.
        before: Version that was there before, where the event says so.
        after: Version that was there afterwards, or was asked for; empty where none was.
        who: Who did it.
        verified: Whether somebody checked who it was; else it is only a claim.
        reason: Why, in the words of who did it or of what refused it.
        digests: Digest of the model package as ``package``, and whatever other digests the event names.
        hash: Of the event, as the chain has it.
    """

    number: int
    at: str
    what: str
    version: str
    before: str
    after: str
    who: str
    verified: bool
    reason: str
    digests: Mapping[str, str]
    hash: str


def entries(events: Iterable[Event]) -> tuple[Entry, ...]:
    """Read events into lines, in their order."""
    return tuple(_entry(event) for event in events)


def version_after(event: Event) -> str:
    """Name the version that an event put in its place; empty where it left none."""
    if event.kind == Kind.WITHDRAWN:
        return ""
    return _text(event.body.get("to")) or event.version


def _entry(event: Event) -> Entry:
    body = event.body
    return Entry(
        number=event.number,
        at=event.at,
        what=event.kind,
        version=event.version,
        before=_text(body.get("from")),
        after=version_after(event),
        who=event.actor.name,
        verified=event.actor.verified,
        reason=_reason(body),
        digests=_digests(event),
        hash=event.hash,
    )


def _reason(body: Mapping[str, Any]) -> str:
    reasons = body.get("reasons")
    if isinstance(reasons, list) and reasons:
        return "; ".join(map(_text, reasons))
    return _text(body.get("reason"))


def _digests(event: Event) -> dict[str, str]:
    named = {"package": event.digest} if event.digest else {}
    others = {key: value for key, value in event.body.items() if key.endswith("digest") and value}
    return named | {key: _text(value) for key, value in sorted(others.items())}


def _text(value: object) -> str:
    return "" if value is None else str(value)
