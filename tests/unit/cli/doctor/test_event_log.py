"""The event log: absent, of another version, tampered with, not writable, or not the server's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.wrappers import Response

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.event_log import PROBE, event_log
from days_to_sell.cli.doctor.finding import Finding
from days_to_sell.cli.doctor.server import API, Server
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.tables import EVENTS, HEADS
from days_to_sell.settings import Settings
from stack.ports import free_port
from tests.unit.cli.doctor.conftest import Pretended, seen

MODEL, SEARCH = "days-to-sell", f"{API}/registered-models/search"


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """A log with three events of one model."""
    log = EventLog.open(f"sqlite:///{tmp_path / 'events.db'}")
    for version in "123":
        log.append(NewEvent(MODEL, Kind.GATES, Actor("examiner"), version))
    return log


def looked(log: EventLog | str, server: Server | None = None) -> Finding:
    """What is found of a log that was named."""
    address = log if isinstance(log, str) else str(log.engine.url)
    where = server or Server("sqlite:///mlflow.db", Clocks())
    return seen(lambda: event_log(Settings(event_log=address), where, Clocks()))


def test_a_sound_log_is_left_as_it_was(log: EventLog) -> None:
    """Whether it can be written is tried, and taken back: no event, and no chain of the probe."""
    found = looked(log)
    assert (found.status, found.said[-70:]) == (
        "ok",
        f"{log.engine.url}, of 1 models; chains hold at their ends, and it can be written"[-70:],
    )
    assert [event.version for event in log.read()] == ["1", "2", "3"]
    assert (log.models(), log.read(PROBE)) == ([MODEL], [])


def test_without_a_setting_it_says_who_sees_the_events() -> None:
    """Beside a server for a team, a file of this machine is what nobody else reads."""
    found = seen(lambda: event_log(Settings(), Server("http://mlflow.invalid", Clocks()), Clocks()))
    assert (found.status, found.said) == ("note", "not configured: events go to a file of this machine")
    assert "DAYS_TO_SELL_EVENT_LOG" in found.remedy


def test_a_database_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    """Looking at it would make it, in SQLite."""
    path = tmp_path / "mlflow.db"
    unset = seen(lambda: event_log(Settings(), Server(f"sqlite:///{path}", Clocks()), Clocks()))
    assert (unset.status, "not configured" in unset.said) == ("note", True)
    assert looked(f"sqlite:///{path}").status == "broken"
    assert not path.exists()


def test_tables_that_are_not_there_are_named(tmp_path: Path) -> None:
    """And so is the command that makes them; the look makes none."""
    address = f"sqlite:///{tmp_path / 'plain.db'}"
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE experiments (name TEXT)"))
    found = looked(address)
    assert found.status == "broken"
    assert "has no table days_to_sell_events, days_to_sell_heads, days_to_sell_leases" in found.said
    assert "days-to-sell prepare-database" in found.remedy
    assert sa.inspect(engine).get_table_names() == ["experiments"]


def test_tables_of_another_version_are_told(log: EventLog) -> None:
    """By the column that they lack."""
    with log.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE days_to_sell_leases DROP COLUMN expires"))
    found = looked(log)
    assert found.status == "broken"
    assert "lacks days_to_sell_leases.expires" in found.said


@pytest.mark.parametrize(
    "tamper",
    [
        sa.update(EVENTS).where(EVENTS.c.number == 3).values(version="9"),
        sa.delete(EVENTS).where(EVENTS.c.number == 3),
        sa.update(HEADS).values(number=2),
        sa.delete(EVENTS),
    ],
)
def test_a_chain_that_was_tampered_with_at_its_end_is_told(log: EventLog, tamper: sa.UpdateBase) -> None:
    """Edited, cut off, or with another recorded end; the whole chain is the other command's to read."""
    with log.engine.begin() as connection:
        connection.execute(tamper)
    found = looked(log)
    assert found.status == "broken"
    assert f"the chain of {MODEL} does not hold: event" in found.said
    assert f"days-to-sell history verify {MODEL}" in found.remedy
    assert log.verify_end(MODEL)


def test_an_end_that_holds_is_no_statement_about_what_is_far_before_it(log: EventLog) -> None:
    """That is why it says "at their ends"; the whole chain tells."""
    with log.engine.begin() as connection:
        connection.execute(sa.update(EVENTS).where(EVENTS.c.number == 1).values(version="9"))
    assert log.verify_end(MODEL) == []
    assert log.verify(MODEL)


def test_a_log_that_can_only_be_read_is_told(log: EventLog) -> None:
    """Gates that are evaluated here could not be recorded."""
    found = looked(f"sqlite:///file:{log.engine.url.database}?mode=ro&uri=true")
    assert found.status == "broken"
    assert "readonly" in found.said
    assert "grant" in found.remedy


def test_a_database_that_is_down_is_told_without_its_password() -> None:
    """Host and port are what to look at."""
    found = looked(f"postgresql://releases:not-to-be-shown@127.0.0.1:{free_port()}/mlflow")
    assert found.status == "broken"
    assert "refused" in found.said
    assert found.remedy == "start the database, or look at host and port in DAYS_TO_SELL_EVENT_LOG"
    assert "not-to-be-shown" not in found.told


def test_an_address_that_is_none_is_told() -> None:
    """It may have been a secret that was put in the wrong place."""
    found = looked("not-to-be-shown")
    assert found.status == "broken"
    assert "not-to-be-shown" not in found.told


def test_a_log_of_another_database_than_the_servers_is_told(log: EventLog, pretended: Pretended) -> None:
    """The same tables, a model of the same name even, but made at another time."""
    server = Server(pretended.url, Clocks())
    model = {"name": MODEL, "creation_timestamp": 1_700_000_000_123}
    pretended.answers[SEARCH] = Response(json.dumps({"registered_models": [model]}))
    found = looked(log, server)
    assert found.status == "broken"
    assert f"is not the database of {pretended.url}" in found.said
    with log.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE registered_models (name TEXT, creation_time BIGINT)"))
        connection.execute(sa.text("INSERT INTO registered_models VALUES ('days-to-sell', 1700000000999)"))
    assert looked(log, server).status == "broken"
    with log.engine.begin() as connection:
        connection.execute(sa.text("UPDATE registered_models SET creation_time = 1700000000123"))
    assert looked(log, server).status == "ok"
