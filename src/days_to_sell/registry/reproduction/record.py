"""The reproduction in MLflow: a run beside those of the training, with the version's model as its input."""

from __future__ import annotations

import json
from dataclasses import asdict

from mlflow import MlflowClient
from mlflow.entities import LoggedModelInput

from days_to_sell.registry.reproduction.findings import to_table
from days_to_sell.registry.reproduction.reproduce import Reproduction
from days_to_sell.registry.versions import logged_model_id, translated

TAG = "reproduction"


def record(reproduction: Reproduction, client: MlflowClient) -> str:
    """Log a reproduction as a run in the experiment that the version was trained in.

    What it fitted stays out of the tracking server: it is the same as what is there already, or wrong.

    Returns:
        The run's id, which the version's tags name too.

    Raises:
        RegistryError: The tracking server refused.
    """
    with translated(f"the record of {reproduction.verdict!r}"):
        return _record(reproduction, client)


def _record(reproduction: Reproduction, client: MlflowClient) -> str:
    version = reproduction.version
    experiment = client.get_run(version.run_id).info.experiment_id
    outcome = "reproduced" if reproduction.reproduced else "differs"
    tags = {
        TAG: outcome,
        f"{TAG}.model": version.model,
        f"{TAG}.version": version.version,
        f"{TAG}.package": reproduction.digest,
        f"{TAG}.commit": reproduction.commit,
        f"{TAG}.environment": reproduction.environment,
        "mlflow.note.content": reproduction.verdict,
    }
    name = f"reproduce {version.model} {version.version}"
    run_id: str = client.create_run(experiment, run_name=name, tags=tags).info.run_id
    source = client.get_model_version(version.model, version.version).source
    if model_id := logged_model_id(source or ""):
        client.log_inputs(run_id, models=[LoggedModelInput(model_id)])
    for step, seconds in reproduction.seconds.items():
        client.log_metric(run_id, f"{step}_seconds", seconds)
    table = f"{to_table(reproduction.findings)}\n\n{reproduction.verdict}\n"
    client.log_text(run_id, table, f"{TAG}/report.txt")
    findings = json.dumps([asdict(finding) for finding in reproduction.findings], indent=1)
    client.log_text(run_id, findings, f"{TAG}/report.json")
    client.set_terminated(run_id, "FINISHED" if reproduction.reproduced else "FAILED")
    for key, value in {TAG: outcome, f"{TAG}.run_id": run_id}.items():
        client.set_model_version_tag(version.model, version.version, key, value)
    return run_id
