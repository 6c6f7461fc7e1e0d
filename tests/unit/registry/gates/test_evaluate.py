"""Evaluating versions of a real registry, up to what the door then says."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.models.dealer_stock.spec import SPEC
from days_to_sell.registry.events.event import Actor
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.gates.door import Entrant, refusals
from days_to_sell.registry.gates.evaluate import Verdict, evaluate
from days_to_sell.registry.gates.evidence import FILE, FOLDER, HELD_OUT
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.spec.gates import BundleSize, ContractCompatible, IntegrityGreen, NotWorse
from tests.packages import cars, days_by_formula, make_package, rewrite
from tests.registered import register_folder

MODEL = "tiny-model"
TINY = replace(SPEC, name=MODEL, gates=(BundleSize(1), ContractCompatible(), NotWorse()))


def lines() -> bytes:
    """Held-out rows, whose outcomes are a day before what the formula says with its usual constant."""
    rows = [
        {
            "row_id": str(number),
            "duration": days_by_formula(car) - 1.0,
            "observed": 1,
            "group": str(number),
            "slices": {},
            "input": car,
        }
        for number, car in enumerate(cars(200))
    ]
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)


@pytest.fixture
def registry(client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Version 1 answers well and is in Production, 2 as well, 3 is 20 days off, 4 is 1 but for rounding."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(client.tracking_uri))
    experiment = client.create_experiment("tiny", artifact_location=(tmp_path / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    (tmp_path / FILE).write_bytes(lines())
    client.log_artifact(run, str(tmp_path / FILE), FOLDER)
    digest = f"sha256:{hashlib.sha256(lines()).hexdigest()}"
    client.create_registered_model(MODEL)
    for number, intercept in enumerate((12.0, 12.1, 32.0, 12.0 + 4e-13), start=1):
        home = tmp_path / f"model-{number}"
        package = make_package(home / MODEL_DATA_SUBPATH, intercept=intercept, run_id=run)
        manifest = package.root / "package.json"
        content = json.loads(manifest.read_text())
        content["provenance"][HELD_OUT] = digest
        manifest.write_text(json.dumps(content))
        register_folder(client, MODEL, home, run_id=run)
    found = Registry(client)
    found.promote(MODEL, "1")
    return found


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """A fresh log."""
    return EventLog.open(f"sqlite:///{tmp_path / 'events.db'}")


def look(registry: Registry, log: EventLog, version: str, **changes: object) -> tuple[Verdict, str]:
    """Evaluate a version, then ask at the door."""
    spec = replace(TINY, **changes)  # type: ignore[arg-type]
    verdict = evaluate(
        spec,
        registry.version(MODEL, version),
        registry=registry,
        log=log,
        actor=Actor("test"),
        report=lambda line: None,
    )
    with log.engine.connect() as connection:
        reasons = refusals(connection, log.workspace, spec, verdict.candidate, verdict.incumbent)
    return verdict, "\n".join(reasons)


def test_a_version_within_budget_and_contract_may_pass(registry: Registry, log: EventLog) -> None:
    """Its size and contract are compared, and the tag shows what came of it."""
    verdict, reasons = look(registry, log, "2", gates=(BundleSize(1), ContractCompatible()))
    assert (verdict.green, reasons) == (True, "")
    assert registry.version(MODEL, "2").tags["gates.status"] == "green"


def test_a_version_that_is_worse_is_refused_with_figures(registry: Registry, log: EventLog) -> None:
    """Twenty days off on every row is beyond any interval."""
    verdict, reasons = look(registry, log, "3")
    assert not verdict.green
    assert "gate not-worse is red" in reasons
    assert "overall +20" in reasons


def test_held_out_rows_that_were_exchanged_are_no_evidence(
    registry: Registry, log: EventLog, client: MlflowClient, tmp_path: Path
) -> None:
    """Whoever can write to the run cannot make a version pass."""
    run = registry.version(MODEL, "3").run_id
    (tmp_path / FILE).write_bytes(gzip.compress(b"{}\n"))
    client.log_artifact(run, str(tmp_path / FILE), FOLDER)
    assert "overwritten" in look(registry, log, "3")[1]


def test_a_forged_tag_opens_nothing(registry: Registry, log: EventLog) -> None:
    """Nobody reads it."""
    registry.tag(registry.version(MODEL, "2"), {"gates.status": "green", "gates.size": "green"})
    package = look(registry, log, "2", gates=(BundleSize(0),))[0].candidate
    with log.engine.connect() as connection:
        spec = replace(TINY, gates=(BundleSize(1),))
        assert refusals(connection, log.workspace, spec, Entrant("2", package.digest), None)


def test_a_gate_without_evidence_stays_shut(registry: Registry, log: EventLog) -> None:
    """The package of a toolkit that bound no report to it says nothing of its data."""
    assert "train it anew" in look(registry, log, "2", gates=(IntegrityGreen(),))[1]


def test_a_version_that_is_better_than_the_incumbent_passes(registry: Registry, log: EventLog) -> None:
    """The same gate that shut it out the other way round."""
    registry.promote(MODEL, "3")
    verdict, reasons = look(registry, log, "2")
    assert (verdict.green, reasons) == (True, "")
    compared = verdict.results[-1]
    assert (compared.gate.name, verdict.incumbent and verdict.incumbent.version) == ("not-worse", "3")
    assert "overall -" in compared.found


def test_a_breaking_contract_needs_a_new_major_version(
    registry: Registry, log: EventLog, client: MlflowClient, tmp_path: Path
) -> None:
    """A request that the incumbent answers would be refused; where the spec declares it, that is meant."""
    home = tmp_path / "breaking"
    package = make_package(home / MODEL_DATA_SUBPATH)
    rewrite(package.root, "contract.json", lambda text: text.replace('"minimum": 1', '"minimum": 500', 1))
    version = register_folder(client, MODEL, home)
    told = look(registry, log, version, gates=(ContractCompatible(),))[1]
    assert "gate contract is red" in told
    assert "price_gbp" in told
    assert "ContractCompatible(breaking=True)" in told
    assert look(registry, log, version, gates=(ContractCompatible(breaking=True),))[1] == ""
    assert look(registry, log, version, gates=(ContractCompatible(),))[1] != ""


def test_the_last_digits_of_a_model_trained_again_are_no_loss(registry: Registry, log: EventLog) -> None:
    """They lean one way on every row, so that no interval would hold nought."""
    verdict, reasons = look(registry, log, "4", gates=(NotWorse(),))
    assert "overall +" in verdict.results[0].found
    assert (verdict.green, reasons) == (True, "")
