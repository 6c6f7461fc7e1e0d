"""Break glass: who may, what is kept of it, and that nothing else opens the door."""

from __future__ import annotations

import flask
import pytest
from mlflow.entities.model_registry import ModelVersionTag
from mlflow.exceptions import MlflowException

from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.place import whoever_runs_this
from days_to_sell.registry.overriding import HEADER, OVERRIDE_TAG, in_header
from days_to_sell.registry.store.override import LONGEST
from days_to_sell.registry.store.stores import GatedStore
from tests.unit.registry.store.conftest import MODEL, Door

REASON = "Preise stimmen sonst nicht,\nsiehe Ticket 81 – 100 %"


def told(gated: GatedStore) -> list[Event]:
    """Read the model's events, from a chain that holds."""
    log = EventLog(gated.engine)
    assert log.verify(MODEL) == []
    return log.read(MODEL)


def tags(gated: GatedStore, version: int) -> dict[str, str]:
    """Read what a version shows."""
    found: dict[str, str] = gated.get_model_version(MODEL, version).tags
    return found


@pytest.fixture
def me(door: Door) -> str:
    """Whoever runs the tests, who may override, while version 2 is red."""
    name = whoever_runs_this().name
    door.red, door.users = {"2"}, f"somebody, {name}"
    return name


def test_an_override_by_a_named_person_is_kept_with_the_promotion_and_shown(
    gated: GatedStore, me: str
) -> None:
    """The log has who, why and against what, bound to the bytes; the version's tag shows it."""
    gated.promote_overriding(MODEL, "2", REASON)
    override, promoted = told(gated)
    assert (override.kind, promoted.kind) == (Kind.OVERRIDE, Kind.PROMOTED)
    assert (override.version, override.digest, override.actor.name) == ("2", "d:s3://bucket/2", me)
    assert override.body == {"reason": REASON, "overridden": ["gate golden is red: 3 rows differ"]}
    assert tags(gated, 2) == {OVERRIDE_TAG: f"{REASON} ({me}, claimed)"}


def test_a_request_carries_its_reason_in_a_header(gated: GatedStore, door: Door) -> None:
    """A reason of several lines in any language comes through; a user whom MLflow checked is verified."""
    door.red, door.users = {"2"}, "ruth"
    with flask.Flask("tests").test_request_context(headers={HEADER: in_header(REASON)}):
        flask.g.mlflow_authenticated_user = "ruth"
        gated.transition_model_version_stage(MODEL, "2", "Production", False)
    assert told(gated)[0].body["reason"] == REASON
    assert told(gated)[0].actor.verified
    assert tags(gated, 2)[OVERRIDE_TAG].endswith("(ruth, verified)")


def test_nobody_else_may_override(gated: GatedStore, door: Door) -> None:
    """The refusal names who asked and the setting, and nothing is kept but the refusal."""
    door.red, door.users = {"2"}, "ruth"
    with pytest.raises(MlflowException, match="DAYS_TO_SELL_OVERRIDE_USERS") as refused:
        gated.promote_overriding(MODEL, "2", REASON)
    assert refused.value.get_http_status_code() == 409
    assert "gate golden is red" in str(refused.value)
    assert whoever_runs_this().name in str(refused.value)
    assert [event.kind for event in told(gated)] == [Kind.REFUSED]
    assert tags(gated, 2) == {}


def test_by_default_nobody_may(gated: GatedStore, door: Door) -> None:
    """An empty setting names no empty user either."""
    door.red = {"2"}
    with flask.Flask("tests").test_request_context(headers={HEADER: "because"}):
        flask.g.mlflow_authenticated_user = " "
        with pytest.raises(MlflowException, match="may not override"):
            gated.transition_model_version_stage(MODEL, "2", "Production", False)


@pytest.mark.parametrize("reason", ["", "  \n", "x" * (LONGEST + 1)])
def test_an_override_needs_a_reason_that_can_be_read(gated: GatedStore, me: str, reason: str) -> None:
    """An empty one tells nobody anything; a very long one is no reason."""
    with pytest.raises(MlflowException, match="reason"):
        gated.promote_overriding(MODEL, "2", reason)
    assert [event.kind for event in told(gated)] == [Kind.REFUSED]


def test_a_forged_tag_opens_nothing(gated: GatedStore, me: str) -> None:
    """Anybody may set a tag; the door does not look at it."""
    gated.set_model_version_tag(MODEL, "2", ModelVersionTag(OVERRIDE_TAG, f"because ({me}, verified)"))
    with pytest.raises(MlflowException, match="gate golden is red"):
        gated.transition_model_version_stage(MODEL, "2", "Production", False)


def test_an_override_that_is_not_needed_is_not_kept(gated: GatedStore, me: str) -> None:
    """Else it would open the door for these bytes once a gate turns red."""
    gated.promote_overriding(MODEL, "1", REASON)
    assert [event.kind for event in told(gated)] == [Kind.PROMOTED]
    assert tags(gated, 1) == {}


@pytest.mark.parametrize("successor", ["1", None])
def test_an_override_is_no_longer_shown_once_the_version_left(
    gated: GatedStore, me: str, successor: str | None
) -> None:
    """It ends with the version's time in Production, however that ends."""
    gated.promote_overriding(MODEL, "2", REASON)
    if successor:
        gated.set_registered_model_alias(MODEL, "production", successor)
    else:
        gated.transition_model_version_stage(MODEL, "2", "Archived", False)
    assert tags(gated, 2) == {}


def test_a_model_of_ours_says_that_it_is_gated(gated: GatedStore) -> None:
    """Clients tell by it that a promotion is kept; no table holds it, and a foreign model says nothing."""
    assert gated.get_registered_model(MODEL).tags == {"release.gated": "by the registry's store"}
    assert gated.get_registered_model("foreign").tags == {}
    (listed,) = gated.search_registered_models(f"name = '{MODEL}'")
    assert listed.tags == {}
