"""The MLflow run of a monitored version: windows are steps of metrics, so that the UI draws their drift."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException

from days_to_sell.errors import MonitorError
from days_to_sell.registry.versions import ModelVersion
from days_to_sell.release.monitoring.windows import Window

NOT_IN_METRICS = re.compile(r"[^\w\-. :/]", re.ASCII)


class MonitorRuns:
    """Runs of the tracking server that windows are logged to.

    Args:
        client: A client of the server.
    """

    def __init__(self, client: MlflowClient | None = None) -> None:
        self._client = client or MlflowClient()

    def open(self, version: ModelVersion, digest: str) -> str:
        """Make the run of a version, in an experiment beside those of its trainings.

        Returns:
            Its id. The run stays open to further windows, whoever logs them.
        """
        name = f"{version.model} monitoring"
        with _translated(f"a run in experiment {name!r}"):
            found = self._client.get_experiment_by_name(name)
            experiment = found.experiment_id if found else self._client.create_experiment(name)
            tags = {
                "model": version.model,
                "version": version.version,
                "training_run": version.run_id,
                "package.digest": digest,
            }
            run = self._client.create_run(
                experiment, tags=tags, run_name=f"monitor {version.model} v{version.version}"
            )
            self._client.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def log_window(self, run_id: str, window: Window) -> None:
        """Log a window: its number is the step."""
        metrics: dict[str, float] = {
            "rows": window.rows,
            "drifted_columns": len(window.drifted),
            "alarm_columns": len(window.standing),
        }
        for name, drift in window.drifts.items():
            metrics[f"psi/{name}"] = drift.psi
            if drift.ks is not None:
                metrics[f"ks/{name}"] = drift.ks
        self.log(run_id, metrics, window.number, {"alarm": ", ".join(window.standing)})

    def log(
        self, run_id: str, metrics: Mapping[str, float], step: int, tags: Mapping[str, str] | None = None
    ) -> None:
        """Log metrics of one step, with tags for people to see."""
        now = int(time.time() * 1_000)
        batch = [Metric(NOT_IN_METRICS.sub("_", name), value, now, step) for name, value in metrics.items()]
        named = [RunTag(name, value) for name, value in (tags or {}).items()]
        with _translated(f"metrics of run {run_id}"):
            self._client.log_batch(run_id, metrics=batch, tags=named)


@contextmanager
def _translated(subject: str) -> Iterator[None]:
    try:
        yield
    except MlflowException as error:
        reason = str(error).splitlines()[0]
        raise MonitorError(
            f"the tracking server refused {subject}: {reason}; if the run was deleted, remove the monitor's "
            "state and begin anew"
        ) from error
