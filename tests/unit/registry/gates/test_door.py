"""The door to Production believes the event log alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.models.dealer_stock.spec import SPEC
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.gates.door import Entrant, refusals, spec_of
from days_to_sell.spec.gates import BundleSize, ContractCompatible, Gate, declared

SIZE, CONTRACT = BundleSize(1), ContractCompatible()
TINY = replace(SPEC, gates=(SIZE, CONTRACT))
SECOND, FIRST = Entrant("2", "sha256:b"), Entrant("1", "sha256:a")
NOBODY = Actor("test")


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """A fresh log."""
    return EventLog.open(f"sqlite:///{tmp_path / 'events.db'}")


def record(
    log: EventLog, *gates: Gate, passed: bool = True, of: Entrant = SECOND, against: Entrant | None = None
) -> None:
    """Write what an evaluation would."""
    results = [
        {"gate": gate.name, "declared": declared(gate), "passed": passed, "reason": "too large"}
        for gate in gates
    ]
    incumbent = {"version": against.version, "digest": against.digest} if against else None
    body: dict[str, Any] = {"incumbent": incumbent, "results": results}
    log.append(NewEvent(TINY.name, Kind.GATES, NOBODY, of.version, of.digest, body))


def ask(log: EventLog, spec: Any = TINY, of: Entrant = SECOND, incumbent: Entrant | None = None) -> str:
    """Give the reasons in one text."""
    with log.engine.connect() as connection:
        return "\n".join(refusals(connection, log.workspace, spec, of, incumbent))


def test_what_was_never_evaluated_names_the_command(log: EventLog) -> None:
    """Silence is no pass."""
    assert f"days-to-sell gates {TINY.name} 2 --evaluate" in ask(log)


def test_green_opens_and_a_newer_red_shuts(log: EventLog) -> None:
    """The newest result counts."""
    record(log, SIZE)
    assert ask(log) == ""
    record(log, SIZE, passed=False)
    assert "size is red: too large" in ask(log)


def test_other_bytes_under_the_same_version_do_not_pass(log: EventLog) -> None:
    """An overwritten artifact has another digest, for which nothing was recorded."""
    record(log, SIZE)
    assert "never evaluated for these bytes" in ask(log, of=Entrant("2", "sha256:forged"))


def test_a_result_for_a_milder_gate_is_stale(log: EventLog) -> None:
    """A spec that became stricter asks again."""
    record(log, SIZE)
    assert "since the gate changed" in ask(log, replace(TINY, gates=(BundleSize(0.5),)))


def test_another_incumbent_is_compared_with_anew(log: EventLog) -> None:
    """A relative result holds against the bytes that it was for."""
    record(log, SIZE, CONTRACT, against=FIRST)
    assert ask(log, incumbent=FIRST) == ""
    assert "against version 3" in ask(log, incumbent=Entrant("3", "sha256:c"))


def test_an_override_opens_for_these_bytes_and_expires(log: EventLog) -> None:
    """It holds until the version leaves Production."""
    log.append(NewEvent(TINY.name, Kind.OVERRIDE, NOBODY, "2", "sha256:b", {"reason": "no stock"}))
    assert ask(log) == ""
    assert ask(log, of=Entrant("2", "sha256:forged"))
    log.append(NewEvent(TINY.name, Kind.PROMOTED, NOBODY, "2", "sha256:b", {"from": None, "to": "2"}))
    assert ask(log) == ""
    log.append(NewEvent(TINY.name, Kind.PROMOTED, NOBODY, "3", "sha256:c", {"from": "2", "to": "3"}))
    assert ask(log)


def test_a_model_that_is_not_ours_has_no_spec() -> None:
    """Its promotions pass untouched."""
    assert spec_of("somebody-elses") is None
    assert spec_of(SPEC.name) == SPEC
