"""``days-to-sell history`` as auditors run it, on a log in a file beside a real registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from days_to_sell.registry.events.event import Actor, Event, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.tables import EVENTS
from tests.unit.cli.conftest import Call


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EventLog:
    """The log that the environment names."""
    address = f"sqlite:///{tmp_path / 'events.db'}"
    monkeypatch.setenv("DAYS_TO_SELL_EVENT_LOG", address)
    return EventLog.open(address)


@pytest.fixture
def three(log: EventLog) -> list[Event]:
    """A promotion by somebody who was checked, its release, and a refusal."""
    ann, release = Actor("ann", verified=True), Actor("release@here")
    return [
        log.append(NewEvent("cars", Kind.PROMOTED, ann, "7", "sha256:77", {"from": "6", "to": "7"})),
        log.append(NewEvent("cars", Kind.STEP, release, "7", "sha256:77", {"step": "image"})),
        log.append(NewEvent("cars", Kind.RELEASED, release, "7", "sha256:77")),
        log.append(NewEvent("cars", Kind.REFUSED, ann, "8", "sha256:88", {"to": "8", "reasons": ["red"]})),
    ]


def test_history_tells_who_did_what_and_why(call: Call, three: list[Event]) -> None:
    """Newest first; whoever was not checked is marked; steps only where asked for."""
    lines = call("history", "cars").out.splitlines()
    assert [line.split()[0] for line in lines] == ["event", "4", "3", "1"]
    assert "refused   8        ann                     88      red" in lines[1]
    assert "release@here (claimed)" in lines[2]
    assert "6 -> 7" in lines[3]
    assert len(call("history", "cars", "--all").out.splitlines()) == 5
    assert len(call("history", "cars", "--limit", 2).out.splitlines()) == 3


def test_both_forms_of_the_command_are_one(call: Call, three: list[Event]) -> None:
    """The short one, with options before the model too."""
    long = call("history", "show", "cars", "--json").out
    assert call("history", "cars", "--json").out == call("history", "--json", "cars").out == long
    newest = json.loads(long)["events"][0]
    assert (newest["what"], newest["reason"], newest["hash"]) == ("refused", "red", three[3].hash)


@pytest.mark.parametrize("name", ["verify", "show"])
def test_a_model_may_have_the_name_of_a_subcommand(call: Call, log: EventLog, name: str) -> None:
    """Its long form tells them apart."""
    log.append(NewEvent(name, Kind.PROMOTED, Actor("ann"), "1", body={"to": "1"}))
    assert "promoted" in call("history", "show", name).out


def test_at_answers_two_questions_with_evidence(call: Call, three: list[Event]) -> None:
    """In the log's own time and in another zone's."""
    said = call("history", "cars", "--at", three[1].at).out
    assert f"cars at {three[1].at} (zone as given: UTC)" in said
    assert f"in Production  version 7  since {three[0].at}; event 1; sha256:77" in said
    assert "answering      unknown    no release is recorded up to then" in said
    answer = json.loads(call("history", "cars", "--at", three[3].at, "--json").out)
    assert answer["answering"]["evidence"] == [3]
    before = call("history", "cars", "--at", "2020-01-01").out
    assert "no zone was given: taken as UTC" in before
    assert f"the log begins at {three[0].at}, after that" in before


def test_an_untouched_log_gives_its_head(call: Call, log: EventLog, three: list[Event]) -> None:
    """Which holds later, when more was written."""
    ended = call("history", "verify")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"cars: 4 events hold; keep this head: 4:{three[3].hash}\n"
    log.append(NewEvent("cars", Kind.WITHDRAWN, Actor("ann")))
    assert call("history", "verify", "cars", "--head", f"4:{three[3].hash}").code == 0


def test_tampering_ends_with_1_and_is_warned_of(call: Call, log: EventLog, three: list[Event]) -> None:
    """The event is named, by the check and by whoever only reads."""
    with log.engine.begin() as connection:
        connection.execute(sa.update(EVENTS).where(EVENTS.c.number == 4).values(actor="bob"))
    ended = call("history", "verify")
    assert ended.code == 1
    assert "cars: event 4: edited: its content does not give its hash" in ended.out
    assert "warning: event 4: edited" in call("history", "cars").err


def test_a_kept_head_that_is_gone_ends_with_1(call: Call, log: EventLog, three: list[Event]) -> None:
    """As does a model that is gone altogether; a head without its model is refused."""
    assert call("history", "verify", "cars", "--head", f"9:{three[0].hash}").code == 1
    assert call("history", "verify", "vans").code == 1
    assert call("history", "verify", "--head", f"9:{three[0].hash}").code == 2
