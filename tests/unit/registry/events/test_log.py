"""The event log on SQLite: chains that hold, writers in turn, and tampering that is found."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from days_to_sell.errors import EventLogError, LeaseError
from days_to_sell.registry.events.event import Actor, Event, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.tables import EVENTS, HEADS, LEASES

ANN = Actor("ann", verified=True)


def new(model: str = "cars", version: str = "1", kind: Kind = Kind.PROMOTED, **body: object) -> NewEvent:
    """An event to write."""
    return NewEvent(model, kind, ANN, version, f"sha256:{version}", body)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """A log in a file."""
    return EventLog.open(f"sqlite:///{tmp_path / 'events.db'}")


@pytest.fixture
def five(log: EventLog) -> list[Event]:
    """Five events of one model."""
    return [log.append(new(version=str(number), to=str(number))) for number in range(1, 6)]


def test_events_are_read_as_they_were_written(log: EventLog) -> None:
    """With their place, time, author and body; each follows the one before it in its own model's chain."""
    first = log.append(new(reason="a car é", gates=[1, 2.5, None]))
    other = log.append(new("vans"))
    second = log.append(new(version="2"))
    assert log.read() == [first, other, second]
    assert (first.number, other.number, second.number) == (1, 1, 2)
    assert (first.previous, other.previous, second.previous) == ("", "", first.hash)
    assert first.body == {"reason": "a car é", "gates": [1, 2.5, None]}
    assert first.actor == ANN
    assert first.at <= other.at <= second.at
    assert log.models() == ["cars", "vans"]


def test_events_are_found_by_what_they_are_about(log: EventLog, five: list[Event]) -> None:
    """By model, version, kind, position and time."""
    gates = log.append(new(kind=Kind.GATES))
    assert log.read("vans") == []
    assert log.read("cars", version="1") == [five[0], gates]
    assert log.read(kinds=[Kind.GATES]) == [gates]
    assert log.read(after=five[3].position) == [five[4], gates]
    assert log.read(until=five[2].at) == five[:3]
    assert log.last("cars", Kind.PROMOTED) == five[4]
    assert log.last("cars", Kind.PROMOTED, "2") == five[1]
    assert log.last("cars", Kind.RELEASED) is None


def test_a_chain_that_nobody_touched_holds(log: EventLog, five: list[Event]) -> None:
    """As does that of a model without events."""
    assert log.verify("cars") == log.verify("vans") == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", '{"to":"9"}'), ("actor", "bob"), ("at", "2020-01-01"), ("version", "9"), ("verified", False)],
)
def test_an_edited_event_is_found(log: EventLog, five: list[Event], column: str, value: object) -> None:
    """Whatever was edited, and though its hash was left."""
    with log.engine.begin() as connection:
        connection.execute(sa.update(EVENTS).where(EVENTS.c.number == 3).values({column: value}))
    assert any(fault.number == 3 and "edited" in fault.found for fault in log.verify("cars"))


def test_an_edited_event_with_a_new_hash_is_found_by_the_next(log: EventLog, five: list[Event]) -> None:
    """The next event carries the hash that it had."""
    with log.engine.begin() as connection:
        connection.execute(sa.update(EVENTS).where(EVENTS.c.number == 3).values(actor="bob"))
    (forged,) = [event for event in log.read() if event.number == 3]
    with log.engine.begin() as connection:
        renewed = sa.update(EVENTS).where(EVENTS.c.number == 3).values(hash=forged.expected_hash())
        connection.execute(renewed)
    (fault,) = log.verify("cars")
    assert str(fault) == "event 4: it does not follow the event before it: one was edited or inserted"


@pytest.mark.parametrize(("number", "named"), [(1, 1), (3, 3), (5, 5)])
def test_a_missing_event_is_found(log: EventLog, five: list[Event], number: int, named: int) -> None:
    """The first, one amid others, and the last, which nothing follows."""
    with log.engine.begin() as connection:
        connection.execute(sa.delete(EVENTS).where(EVENTS.c.number == number))
    (fault,) = log.verify("cars")
    assert fault.number == named
    assert fault.found.startswith("missing: ")


def test_all_events_gone_are_found(log: EventLog, five: list[Event]) -> None:
    """The recorded end of the chain tells of them."""
    with log.engine.begin() as connection:
        connection.execute(sa.delete(EVENTS))
    assert "the chain ends at event 5, the log at 0" in str(log.verify("cars")[0])


def test_an_inserted_event_is_found(log: EventLog, five: list[Event]) -> None:
    """One that was put after the last, with hashes that fit, is none that the log wrote."""
    with log.engine.begin() as connection:
        row = connection.execute(sa.select(EVENTS).where(EVENTS.c.number == 5)).one()
        values = {**row._mapping, "number": 6, "previous": row.hash, "position": 99}
        connection.execute(sa.insert(EVENTS).values(values))
    assert {fault.number for fault in log.verify("cars")} == {6}


def test_an_event_that_is_moved_to_another_model_breaks_both_chains(log: EventLog, five: list[Event]) -> None:
    """Its model is part of its hash."""
    with log.engine.begin() as connection:
        connection.execute(sa.update(EVENTS).where(EVENTS.c.number == 2).values(model="vans", number=1))
    assert log.verify("cars")
    assert log.verify("vans")


def test_writers_take_turns(log: EventLog) -> None:
    """Four threads write to one chain that holds afterwards, without a gap."""

    def write() -> None:
        for _ in range(10):
            log.append(new())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(event.number for event in log.read("cars")) == list(range(1, 41))
    assert log.verify("cars") == []


def test_the_clock_never_goes_back_in_a_chain(log: EventLog, five: list[Event]) -> None:
    """A machine whose clock is behind writes the time of the event before."""
    with log.engine.begin() as connection:
        connection.execute(sa.update(HEADS).values(at="2999-01-01T00:00:00.000000+00:00"))
    assert log.append(new()).at == "2999-01-01T00:00:00.000000+00:00"


def test_a_log_is_opened_again_by_any_spelling_of_its_address(log: EventLog, tmp_path: Path) -> None:
    """As that of a gated registry store, and with its tables there already."""
    written = log.append(new())
    assert EventLog.open(f"dts+sqlite:///{tmp_path / 'events.db'}").read() == [written]


@pytest.mark.parametrize(
    "address",
    ["nowhere", "sqlite:////no/such/folder/events.db", "oddsql://host/database", "mssql://host/database"],
)
def test_an_address_that_leads_nowhere_is_refused(address: str) -> None:
    """In one line that names the variable."""
    with pytest.raises(EventLogError, match="DAYS_TO_SELL_EVENT_LOG names it"):
        EventLog.open(address)


def test_a_password_is_never_shown() -> None:
    """Not in the message of a database that does not answer."""
    with pytest.raises(EventLogError) as caught:
        EventLog.open("postgresql+nosuchdriver://ann:secret@127.0.0.1:1/database")
    assert "secret" not in str(caught.value)


def test_one_holder_has_a_lease_at_a_time(log: EventLog) -> None:
    """Another gets it when it is given back; its token is higher."""
    first = log.leases.acquire("release", "a", 60)
    assert first
    assert log.leases.acquire("release", "b", 60) is None
    assert log.leases.acquire("release", "a", 60) == first
    assert log.leases.holder("release") == "a"
    log.leases.release(first)
    assert log.leases.holder("release") is None
    second = log.leases.acquire("release", "b", 60)
    assert second
    assert second.token > first.token
    assert log.leases.acquire("other", "a", 60)


def test_whoever_lost_a_lease_writes_nothing(log: EventLog) -> None:
    """Its event comes too late, though it believes to hold the lease."""
    late = log.leases.acquire("release", "a", 60)
    with log.engine.begin() as connection:
        connection.execute(sa.update(LEASES).values(expires=0.0))
    newer = log.leases.acquire("release", "b", 60)
    assert late
    assert newer
    with pytest.raises(LeaseError, match="another took over; nothing was written"):
        log.append(new(), late)
    assert log.read() == []
    assert log.append(new(), newer).number == 1
