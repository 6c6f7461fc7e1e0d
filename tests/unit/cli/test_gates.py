"""``days-to-sell gates`` as people run it, on a real registry and a log in a file beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.models.dealer_stock.spec import SPEC
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.scoring.package import ModelPackage
from tests.packages import make_package
from tests.registered import open_gates, register_folder
from tests.unit.cli.conftest import Call

MODEL = SPEC.name


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of the log that the environment names."""
    address = f"sqlite:///{tmp_path / 'events.db'}"
    monkeypatch.setenv("DAYS_TO_SELL_EVENT_LOG", address)
    return address


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: str) -> ModelPackage:
    """The package of version 1, which says nothing of its training."""
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    client = MlflowClient(address)
    client.create_registered_model(MODEL)
    made = make_package(tmp_path / "model" / MODEL_DATA_SUBPATH, model=MODEL)
    register_folder(client, MODEL, tmp_path / "model")
    return made


def test_what_was_never_evaluated_is_shown_and_then_evaluated_with_progress(
    call: Call, package: ModelPackage
) -> None:
    """Showing writes nothing; evaluating names every gate that is not relative, then what is red."""
    shown = call("gates", MODEL, 1)
    assert shown.code == 1
    assert f"run: days-to-sell gates {MODEL} 1 --evaluate" in shown.out

    evaluated = call("gates", MODEL, 1, "--evaluate")
    assert evaluated.code == 1
    assert "gate integrity is red" in evaluated.out
    assert "never evaluated" not in evaluated.out
    for gate in SPEC.gates:
        assert gate.relative or gate.name in evaluated.out

    assert "gate integrity is red" in call("gates", MODEL, 1).out


def test_json_is_all_that_stands_on_the_output(call: Call, package: ModelPackage) -> None:
    """Progress goes to the other stream."""
    ended = call("gates", MODEL, 1, "--evaluate", "--json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["digest"], answer["override"]) == (1, package.digest, None)
    assert any("gate integrity is red" in reason for reason in answer["refusals"])
    assert "integrity" in ended.err


def test_green_gates_end_with_0(call: Call, package: ModelPackage, events: str) -> None:
    """Nothing is in the way."""
    open_gates(events, MODEL, ["1"], package.digest)
    ended = call("gates", MODEL, 1)
    assert (ended.code, ended.out) == (0, f"{MODEL} version 1 may go to Production\n")


def test_an_open_override_is_shown_until_the_version_leaves(
    call: Call, package: ModelPackage, events: str
) -> None:
    """With who gave it, whether that was checked, and why."""
    log, ruth = EventLog.open(events), Actor("ruth", verified=True)
    body = {"reason": "prices are wrong without it", "overridden": ["gate size is red"]}
    log.append(NewEvent(MODEL, Kind.OVERRIDE, ruth, "1", package.digest, body))
    ended = call("gates", MODEL, 1)
    assert ended.code == 0
    assert "prices are wrong without it (ruth, verified; event 1)" in ended.out
    answer = json.loads(call("gates", MODEL, 1, "--json").out)
    assert answer["override"]["reason"] == "prices are wrong without it"
    assert "prices are wrong without it" in call("history", MODEL).out

    log.append(NewEvent(MODEL, Kind.WITHDRAWN, ruth, "1", package.digest, {"from": "1", "to": None}))
    ended = call("gates", MODEL, 1)
    assert ended.code == 1
    assert "overridden" not in ended.out


def test_a_model_without_a_spec_and_a_version_that_is_not_there_are_named(
    call: Call, package: ModelPackage
) -> None:
    """Nothing is shown as open for them."""
    ended = call("gates", "somebody-elses", 1)
    assert ended.code != 0
    assert "no installed spec is named 'somebody-elses'" in ended.err
    ended = call("gates", MODEL, 9)
    assert ended.code != 0
    assert "9" in ended.err
    assert ended.out == ""
