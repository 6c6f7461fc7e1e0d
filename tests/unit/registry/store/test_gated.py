"""The gated store on SQLite: every way to Production passes the door, and leaves its event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion

from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.store.stores import GatedStore
from tests.unit.registry.store.conftest import MODEL, OTHER, Door


def events(gated: GatedStore, model: str = MODEL) -> list[tuple[str, str, Any, Any]]:
    """Read a model's events, from a chain that holds."""
    log = EventLog(gated.engine)
    assert log.verify(model) == []
    return [(e.kind, e.version, e.body.get("from"), e.body.get("to")) for e in log.read(model)]


def state(gated: GatedStore, model: str = MODEL) -> tuple[dict[int, str], dict[str, int]]:
    """Read the stages and aliases of a model."""
    found = gated.get_registered_model(model)
    stages = {int(v.version): v.current_stage for v in gated.search_model_versions(f"name = '{model}'")}
    return stages, {alias: int(version) for alias, version in found.aliases.items()}


@pytest.mark.parametrize("stage", ["Production", "production", "PRODUCTION"])
def test_a_promotion_by_stage_moves_the_alias_and_leaves_one_event(gated: GatedStore, stage: str) -> None:
    """Stage and alias are one, in any spelling of the stage."""
    gated.transition_model_version_stage(MODEL, "1", stage, False)
    assert state(gated) == ({1: "Production", 2: "None", 3: "None"}, {"production": 1})
    assert events(gated) == [(Kind.PROMOTED, "1", None, "1")]


@pytest.mark.parametrize("alias", ["production", "Production", "PRODUCTION"])
def test_a_promotion_by_alias_moves_the_stage_and_archives_the_one_before(
    gated: GatedStore, alias: str, door: Door
) -> None:
    """Every spelling is the one alias; the door hears of the incumbent's bytes."""
    gated.set_registered_model_alias(MODEL, "production", "1")
    gated.set_registered_model_alias(MODEL, alias, "2")
    assert state(gated) == ({1: "Archived", 2: "Production", 3: "None"}, {"production": 2})
    assert events(gated) == [(Kind.PROMOTED, "1", None, "1"), (Kind.PROMOTED, "2", "1", "2")]
    assert door.seen[-1][1].digest == "d:s3://bucket/1"


def test_promoting_what_is_in_production_is_no_event(gated: GatedStore, door: Door) -> None:
    """Each event is a change; asking again is none, even once a gate turned red."""
    gated.transition_model_version_stage(MODEL, "1", "Production", True)
    door.red = {"1"}
    gated.transition_model_version_stage(MODEL, "1", "Production", True)
    gated.set_registered_model_alias(MODEL, "production", "1")
    assert len(events(gated)) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.transition_model_version_stage(MODEL, "2", "production", False),
        lambda s: s.set_registered_model_alias(MODEL, "Production", "2"),
    ],
)
def test_a_red_gate_refuses_with_its_reason_and_leaves_only_the_refusal(
    gated: GatedStore, door: Door, ask: Callable[[GatedStore], Any]
) -> None:
    """Nothing changes, the answer is 409, and the log shows that somebody asked."""
    gated.set_registered_model_alias(MODEL, "production", "1")
    was, door.red = state(gated), {"2"}
    with pytest.raises(MlflowException, match="gate golden is red") as refused:
        ask(gated)
    assert refused.value.get_http_status_code() == 409
    assert str(refused.value).endswith(f"days-to-sell gates {MODEL} 2")
    assert state(gated) == was
    assert [event[0] for event in events(gated)] == [Kind.PROMOTED, Kind.REFUSED]


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.delete_registered_model_alias(MODEL, "production"),
        lambda s: s.delete_registered_model_alias(MODEL, "Production"),
        lambda s: s.delete_model_version(MODEL, "1"),
        lambda s: s.delete_registered_model(MODEL),
        lambda s: s.rename_registered_model(MODEL, "elsewhere"),
        lambda s: s.transition_model_version_stage(MODEL, "1", "Staging", False),
        lambda s: s.transition_model_version_stage(MODEL, "1", "None", False),
    ],
)
def test_what_is_in_production_is_not_taken_away_by_the_way(
    gated: GatedStore, ask: Callable[[GatedStore], Any]
) -> None:
    """Alias, version, model and name stay as long as the version is in Production."""
    gated.set_registered_model_alias(MODEL, "production", "1")
    was = state(gated)
    with pytest.raises(MlflowException, match="it is in Production") as refused:
        ask(gated)
    assert refused.value.get_http_status_code() == 409
    assert state(gated) == was
    assert [event[0] for event in events(gated)] == [Kind.PROMOTED, Kind.REFUSED]


def test_archiving_the_version_in_production_withdraws_it(gated: GatedStore) -> None:
    """It is the one way out without a successor, and an event."""
    gated.set_registered_model_alias(MODEL, "production", "1")
    gated.transition_model_version_stage(MODEL, "1", "Archived", False)
    assert state(gated) == ({1: "Archived", 2: "None", 3: "None"}, {})
    assert events(gated)[-1] == (Kind.WITHDRAWN, "1", "1", None)


def test_a_failing_event_takes_the_promotion_with_it(
    gated: GatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: without the event there is no change."""

    def fail(*_: Any) -> None:
        raise RuntimeError("no event")

    with monkeypatch.context() as patch:
        patch.setattr("days_to_sell.registry.store.gated.chain.append", fail)
        with pytest.raises(MlflowException):
            gated.set_registered_model_alias(MODEL, "production", "1")
    assert state(gated) == ({1: "None", 2: "None", 3: "None"}, {})
    assert events(gated) == []


def test_what_was_in_production_before_the_door_is_compared_with_by_its_bytes(
    gated: GatedStore, door: Door
) -> None:
    """A registry that becomes a gated one has an incumbent of which no event tells."""
    mine = (SqlModelVersion.name == MODEL, SqlModelVersion.version == 1)
    with gated.engine.begin() as connection:
        connection.execute(sa.update(SqlModelVersion).where(*mine).values(current_stage="Production"))
    gated.set_registered_model_alias(MODEL, "production", "2")
    gated.set_registered_model_alias(MODEL, "production", "3")
    seen = [(candidate.version, incumbent.version, incumbent.digest) for candidate, incumbent in door.seen]
    assert seen == [("2", "1", "d:s3://bucket/1"), ("3", "2", "d:s3://bucket/2")]


def test_a_foreign_model_passes_as_in_mlflow(gated: GatedStore, door: Door) -> None:
    """No door, no event, no joining of stage and alias, and its own spellings."""
    gated.transition_model_version_stage(OTHER, "1", "Production", False)
    gated.set_registered_model_alias(OTHER, "Production", "2")
    assert state(gated, OTHER) == ({1: "Production", 2: "None", 3: "None"}, {"Production": 2})
    gated.delete_model_version(OTHER, "1")
    gated.rename_registered_model(OTHER, "still-foreign")
    assert (door.seen, events(gated, OTHER)) == ([], [])


def test_a_foreign_model_in_production_does_not_take_a_name_of_ours(gated: GatedStore) -> None:
    """A rename would be a way past the gates."""
    gated.delete_registered_model(MODEL)
    gated.transition_model_version_stage(OTHER, "1", "Production", False)
    with pytest.raises(MlflowException, match="may not be renamed"):
        gated.rename_registered_model(OTHER, MODEL)
