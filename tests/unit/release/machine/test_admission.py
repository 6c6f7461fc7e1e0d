"""The gates, asked once more: what got into Production past them is not released."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from days_to_sell.errors import GateError
from days_to_sell.models import find_model
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.versions import ModelVersion
from days_to_sell.release.machine.admission import Gates
from days_to_sell.release.machine.key import Key
from days_to_sell.spec import ModelSpec
from days_to_sell.spec.gates import declared

SPEC = find_model("days_to_sell").spec
MODEL, ACTOR = SPEC.name, Actor("tests")
VERSION = ModelVersion(MODEL, "2", "a1b2c3", {})
KEY = Key(MODEL, "2", "sha256:bb")


def found(log: EventLog, *, passed: bool = True, against: dict[str, str] | None = None) -> None:
    """Write what an evaluation of all gates would have found."""
    results = [
        {"gate": gate.name, "declared": declared(gate), "passed": passed, "reason": "as it is"}
        for gate in SPEC.gates
    ]
    body: dict[str, Any] = {"incumbent": against, "results": results}
    log.append(NewEvent(MODEL, Kind.GATES, ACTOR, KEY.version, KEY.digest, body))


def happened(log: EventLog, kind: Kind, version: str, digest: str, **body: str) -> None:
    """Write an event."""
    log.append(NewEvent(MODEL, kind, ACTOR, version, digest, body))


@dataclass
class Evaluating:
    """Finds all gates green, or red."""

    log: EventLog
    passed: bool
    asked: list[str | None] = field(default_factory=list)

    def __call__(self, spec: ModelSpec, version: ModelVersion, incumbent: str | None) -> None:
        """Note whom it is compared with."""
        self.asked.append(incumbent)
        found(self.log, passed=self.passed, against={"version": "1", "digest": "sha256:aa"})


def test_a_model_without_a_spec_passes(log: EventLog) -> None:
    """It is not ours."""
    Gates(log)(VERSION, Key("somebody-elses", "2", "sha256:bb"), print)


def test_what_was_never_evaluated_is_evaluated_before_it_is_refused(log: EventLog) -> None:
    """It came past the store: gates that turn out green let it through, red ones are named."""
    with pytest.raises(GateError, match=r"past its gates.*\n- gate integrity was never evaluated"):
        Gates(log)(VERSION, KEY, print)
    red = Evaluating(log, passed=False)
    with pytest.raises(GateError, match="gate integrity is red: as it is"):
        Gates(log, red)(VERSION, KEY, print)
    Gates(log, Evaluating(log, passed=True))(VERSION, KEY, print)


def test_green_gates_are_not_evaluated_again(log: EventLog) -> None:
    """The log's word counts."""
    found(log)
    evaluating = Evaluating(log, passed=False)
    Gates(log, evaluating)(VERSION, KEY, print)
    assert evaluating.asked == []


def test_it_is_compared_with_whom_it_replaced(log: EventLog) -> None:
    """By now the version is in Production itself: the promotion's event names the one before."""
    found(log, against={"version": "1", "digest": "sha256:aa"})
    happened(log, Kind.PROMOTED, "1", "sha256:aa")
    happened(log, Kind.RELEASED, "9", "sha256:99")
    happened(log, Kind.PROMOTED, "2", "sha256:bb", **{"from": "1", "to": "2"})
    Gates(log)(VERSION, KEY, print)


def test_whom_it_replaced_may_be_older_than_the_log(log: EventLog) -> None:
    """The store read its bytes as it asked the door, and says so in the event."""
    found(log, against={"version": "1", "digest": "sha256:aa"})
    happened(log, Kind.PROMOTED, "2", "sha256:bb", **{"from": "1", "from_digest": "sha256:aa", "to": "2"})
    Gates(log)(VERSION, KEY, print)


def test_who_went_past_the_store_is_compared_with_what_was_released_last(log: EventLog) -> None:
    """No event names the one before, and an older comparison is with another one."""
    found(log, against={"version": "0", "digest": "sha256:00"})
    happened(log, Kind.RELEASED, "1", "sha256:aa")
    happened(log, Kind.RELEASED, "2", "sha256:bb")
    with pytest.raises(GateError, match="is to be evaluated against version 1"):
        Gates(log)(VERSION, KEY, print)
    evaluating = Evaluating(log, passed=True)
    Gates(log, evaluating)(VERSION, KEY, print)
    assert evaluating.asked == ["1"]


def test_an_override_lets_it_pass(log: EventLog) -> None:
    """A named person's word, for these bytes."""
    found(log, passed=False)
    happened(log, Kind.OVERRIDE, "2", "sha256:bb", reason="prices are wrong without it")
    Gates(log)(VERSION, KEY, print)


def test_before_a_rollback_the_one_that_leaves_is_the_one_to_compare_with(log: EventLog) -> None:
    """The door of the store will ask the same."""
    happened(log, Kind.PROMOTED, "3", "sha256:cc")
    found(log, against={"version": "3", "digest": "sha256:cc"})
    assert Gates(log).refusals(KEY, "3") == ()
    assert any("against version 4" in reason for reason in Gates(log).refusals(KEY, "4"))
    assert Gates(log).refusals(KEY, None) == ()
