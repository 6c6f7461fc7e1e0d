"""Versions that may go to Production: tiny packages, registered, with every gate found green."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from days_to_sell.errors import GateError
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.gates.door import spec_of
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.spec.gates import declared
from tests.packages import INTERCEPT, make_package

PACKAGES = 4
EXAMINER = Actor("chaos")


@dataclass(frozen=True)
class Version:
    """A registered version.

    Args:
        number: Its number.
        digest: Digest of its package.
    """

    number: str
    digest: str


def register(
    client: MlflowClient, log: EventLog, model: str, count: int, folder: Path
) -> tuple[Version, ...]:
    """Register versions of a few packages, and write to the log that each may replace each other.

    Args:
        client: Of the MLflow server.
        log: The event log, in which results of gates count.
        model: Name of a registered model that has a spec, else its promotions are not gated.
        count: How many versions.
        folder: Where to make the packages. Its name goes into them: those of no other run are the same.
    """
    experiment = client.create_experiment(folder.name)
    client.create_registered_model(model)
    sources = [_log(client, experiment, model, folder / f"package-{each}", each) for each in range(PACKAGES)]
    made = []
    for index in range(count):
        source, digest = sources[index % PACKAGES]
        logged = source.removeprefix("models:/")
        version = client.create_model_version(model, source, model_id=logged, await_creation_for=0)
        made.append(Version(str(version.version), digest))
    open_gates(log, model, made)
    return tuple(made)


def open_gates(log: EventLog, model: str, versions: Sequence[Version]) -> None:
    """Write that every gate was green, alone and against each package that may be in Production."""
    spec = spec_of(model)
    if spec is None:
        raise GateError(f"{model} has no spec here, so that nothing gates it; take a model that has one")
    results = [{"gate": gate.name, "declared": declared(gate), "passed": True} for gate in spec.gates]
    others = {version.digest: version for version in versions}
    for version in versions:
        for other in others.values():
            against = {"version": other.number, "digest": other.digest}
            body = {"results": results, "incumbent": against}
            log.append(NewEvent(model, Kind.GATES, EXAMINER, version.number, version.digest, body))


def _log(client: MlflowClient, experiment: str, model: str, folder: Path, index: int) -> tuple[str, str]:
    package = make_package(
        folder / MODEL_DATA_SUBPATH, model=model, run_id=f"{folder.parent.name}", intercept=INTERCEPT + index
    )
    logged = client.create_logged_model(experiment, name="model")
    client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    return f"models:/{logged.model_id}", package.digest
