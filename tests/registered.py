"""Registered versions without a training: tiny packages as logged models, and gates that were found green."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
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
    return log_folder(client, folder, experiment), package


def log_folder(client: MlflowClient, folder: Path, experiment: str) -> str:
    """Log a folder as a model of an experiment, and give its source."""
    logged = client.create_logged_model(experiment, name="model")
    client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    return f"models:/{logged.model_id}"


def register_folder(
    client: MlflowClient,
    model: str,
    folder: Path,
    *,
    run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Register what lies in a folder as the next version, and give its number.

    The files move to where MLflow keeps a logged model, and the folder leads there from then on.
    """
    name = str(folder.parent)
    found = client.get_experiment_by_name(name)
    artifacts = (folder.parent / "logged").as_uri()
    experiment = found.experiment_id if found else client.create_experiment(name, artifacts)
    logged = client.create_logged_model(experiment, name="model")
    place = Path(urlsplit(logged.artifact_location).path)
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)
    folder.symlink_to(place)
    client.finalize_logged_model(logged.model_id, "READY")
    with pytest.MonkeyPatch.context() as patch:
        # Where MLflow looks for the logged model, whoever asks.
        patch.setenv("MLFLOW_TRACKING_URI", str(client.tracking_uri))
        made = client.create_model_version(
            model,
            f"models:/{logged.model_id}",
            run_id=run_id,
            tags=dict(tags or {}),
            model_id=logged.model_id,
            await_creation_for=0,
        )
    return str(made.version)


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
