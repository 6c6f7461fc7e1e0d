"""Registered versions without a training: tiny packages as logged models, and gates that were found green."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlflow import MlflowClient

from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.gates.door import spec_of
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.spec.gates import declared
from tests.packages import make_package

EXAMINER = Actor("examiner")


def log_package(
    client: MlflowClient, folder: Path, *, model: str, experiment: str, intercept: float = 12.0
) -> tuple[str, ModelPackage]:
    """Log a tiny package as ``log_model`` does, and give its source and itself.

    Args:
        client: Where to.
        folder: Folder to make it in, which must not exist.
        model: Name of the registered model.
        experiment: Id of the experiment.
        intercept: The constant of its formula: another one makes another package.
    """
    package = make_package(folder / MODEL_DATA_SUBPATH, model=model, intercept=intercept)
    logged = client.create_logged_model(experiment, name="model")
    client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    return f"models:/{logged.model_id}", package


def register(client: MlflowClient, model: str, source: str) -> str:
    """Register a logged model as the next version, and give its number."""
    made = client.create_model_version(
        model, source, model_id=source.removeprefix("models:/"), await_creation_for=0
    )
    return str(made.version)


def open_gates(address: str, model: str, versions: Iterable[str], digest: str) -> None:
    """Write to the log that every gate was green for these versions, whose packages are the same."""
    log, spec = EventLog.open(address), spec_of(model)
    assert spec is not None
    results = [{"gate": gate.name, "declared": declared(gate), "passed": True} for gate in spec.gates]
    body = {"results": results, "incumbent": None}
    for version in versions:
        log.append(NewEvent(model, Kind.GATES, EXAMINER, version, digest, body))
    log.engine.dispose()
