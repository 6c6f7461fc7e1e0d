"""Writing to a model's chain within a transaction, and finding where a chain was tampered with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from days_to_sell.registry.events.event import Actor, Event, NewEvent, canonical, hash_of
from days_to_sell.registry.events.tables import EVENTS, HEADS


@dataclass(frozen=True)
class Head:
    """The end of a chain: number, time and hash of its last event; 0 and empty of one without events."""

    number: int = 0
    at: str = ""
    hash: str = ""


@dataclass(frozen=True)
class Fault:
    """A place at which a chain does not hold.

    Args:
        number: Of the event in the chain.
        found: What is wrong there.
    """

    number: int
    found: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"event {self.number}: {self.found}"


def append(connection: sa.Connection, workspace: str, new: NewEvent) -> Event:
    """Write an event at the end of its model's chain; the caller's transaction decides whether it stays.

    The chain is locked until that transaction ends, so that writers take turns.
    """
    head = lock(connection, workspace, new.model)
    number, body = head.number + 1, canonical(new.body)
    # Clocks of two machines differ; a log whose times go back would answer "what was then" with both.
    at = max(datetime.now(UTC).isoformat(timespec="microseconds"), head.at)
    fields = (workspace, new.model, number, at, str(new.kind), new.version, new.digest, new.actor.name)
    digest = hash_of(*fields, new.actor.verified, body, head.hash)
    values = dict(zip((c.name for c in EVENTS.columns if c.name != "position"), fields, strict=False))
    values |= {"verified": new.actor.verified, "body": body, "previous": head.hash, "hash": digest}
    written = sa.insert(EVENTS).values(values).returning(EVENTS.c.position)
    position = connection.execute(written).scalar_one()
    moved = sa.update(HEADS).where(HEADS.c.workspace == workspace, HEADS.c.model == new.model)
    connection.execute(moved.values(number=number, at=at, hash=digest))
    return Event(
        position,
        workspace,
        new.model,
        number,
        at,
        str(new.kind),
        new.version,
        new.digest,
        new.actor,
        json.loads(body),
        head.hash,
        digest,
    )


def lock(connection: sa.Connection, workspace: str, model: str) -> Head:
    """Take the chain for this transaction and give its end.

    An update that changes nothing is a write lock on every database: of the row where rows have one, of the
    file in SQLite, which takes none for a SELECT.
    """
    mine = (HEADS.c.workspace == workspace, HEADS.c.model == model)
    touched = connection.execute(sa.update(HEADS).where(*mine).values(number=HEADS.c.number)).rowcount
    if touched == 0:
        try:
            with connection.begin_nested():
                first = {"workspace": workspace, "model": model, "number": 0, "at": "", "hash": ""}
                connection.execute(sa.insert(HEADS).values(first))
        except sa.exc.IntegrityError:
            connection.execute(sa.update(HEADS).where(*mine).values(number=HEADS.c.number))
    row = connection.execute(sa.select(HEADS.c.number, HEADS.c.at, HEADS.c.hash).where(*mine)).one()
    return Head(row.number, row.at, row.hash)


def to_event(row: sa.Row[Any]) -> Event:
    """Read a row of the log."""
    return Event(
        row.position,
        row.workspace,
        row.model,
        row.number,
        row.at,
        row.kind,
        row.version,
        row.digest,
        Actor(row.actor, bool(row.verified)),
        _body(row.body),
        row.previous,
        row.hash,
        row.body,
    )


def _body(written: str) -> dict[str, Any]:
    """Read a body; one that was damaged says nothing, and its hash tells that."""
    try:
        body = json.loads(written)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def faults(events: Iterable[Event], head: Head, after: Head | None = None) -> Iterator[Fault]:
    """Find where a chain does not hold: an event that was edited, inserted, moved or taken away.

    Whoever can write to the database can also write a whole chain anew. Against that, keep the hash of its
    end where they cannot write, and compare.

    Args:
        events: The whole chain by number, or its end.
        head: Where it has to end.
        after: What the first of the events has to follow; nothing where they are the whole chain.
    """
    before = after or Head()
    due, previous, at, place = before.number + 1, before.hash, before.at, 0
    for event in events:
        if event.number > due:
            missing = f"{due}" if event.number == due + 1 else f"{due} to {event.number - 1}"
            yield Fault(due, f"missing: the log has no event {missing}")
        elif event.previous != previous:
            yield Fault(event.number, "it does not follow the event before it: one was edited or inserted")
        if event.hash != event.expected_hash():
            yield Fault(event.number, "edited: its content does not give its hash")
        if event.at < at:
            yield Fault(event.number, f"its time {event.at} lies before that of the event before it")
        if event.position <= place:
            yield Fault(event.number, "moved: in the whole log it stands before the event before it")
        due, previous, at, place = event.number + 1, event.hash, event.at, event.position
    if head.number >= due:
        yield Fault(due, f"missing: the chain ends at event {head.number}, the log at {due - 1}")
    elif (head.number, head.hash) != (due - 1, previous):
        yield Fault(due - 1, "the chain's recorded end is another one: an event was edited or added")
