"""One DAG of Airflow for each folder of models/: from a snapshot to a version, and on to its deployment."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from importlib import import_module

from airflow.sdk import DAG, Param, chain
from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference
from airflow.timetables.trigger import CronTriggerTimetable

from days_to_sell.models import model_names
from mlflow_project.dags.alerts import tell_failure, tell_late
from mlflow_project.dags.commands import STEPS, Subject
from mlflow_project.dags.snapshot_sensor import SnapshotSensor
from mlflow_project.dags.toolkit_operator import ToolkitOperator
from mlflow_project.dags.wiring import Wiring


def subject_of(folder: str) -> Subject:
    """Read what a model folder declares; a spec needs the standard library alone."""
    spec = import_module(f"days_to_sell.models.{folder}.spec").SPEC
    return Subject(folder, spec.name, tuple(source.name for source in spec.sources))


def build_dag(subject: Subject, wiring: Wiring) -> DAG:
    """Build the DAG of a model."""
    late = {"model": subject.name, "seconds": wiring.deadline_seconds}
    schedule = CronTriggerTimetable(wiring.schedule, timezone="UTC") if wiring.schedule else None
    with DAG(
        subject.name,
        description=f"Train {subject.name} on a snapshot; the logical date is the day of the snapshot",
        schedule=schedule,
        start_date=datetime.combine(wiring.start, time(), UTC),
        catchup=wiring.catchup,
        max_active_runs=1,
        dagrun_timeout=wiring.longest,
        deadline=DeadlineAlert(
            DeadlineReference.DAGRUN_QUEUED_AT,
            timedelta(seconds=wiring.deadline_seconds),
            AsyncCallback(tell_late, late),
        ),
        params=_params(wiring),
        default_args={
            "retries": wiring.retries,
            "retry_delay": timedelta(seconds=wiring.retry_seconds),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(hours=1),
            "execution_timeout": timedelta(seconds=wiring.step_seconds),
            "on_failure_callback": tell_failure,
        },
        tags=["days-to-sell"],
    ) as dag:
        # Sensors are tried again too: a busy scheduler can take one that resumes at once for lost. A patience
        # that is at its end is not, which is Airflow's own rule.
        sensors = [
            SnapshotSensor(
                task_id=f"wait_for_{source}",
                lake=wiring.lake_of(subject.folder),
                source=source,
                poke_interval=wiring.poke_seconds,
                timeout=wiring.patience_seconds,
            )
            for source in subject.sources
        ]
        chain(sensors, *(ToolkitOperator(task_id=s, step=s, subject=subject, wiring=wiring) for s in STEPS))
    return dag


def _params(wiring: Wiring) -> dict[str, Param]:
    yes_no = {"type": "string", "enum": ["yes", "no"]}
    return {
        "promote": Param(
            wiring.promote, type="boolean", description="to Production where all gates are green"
        ),
        "accept_drift": Param("no", **yes_no, description="train on data unlike that of Production"),
        "search": Param("no", **yes_no, description="search among the parameters that candidates name"),
        "repository": Param(wiring.repository, type="string", description="of deployments; empty for none"),
        "branch": Param(wiring.branch, type="string", description="of that repository"),
        "packages": Param(wiring.packages, type="string", description="where packages are put for it"),
    }


# Airflow takes every DAG that it finds in the names of this module.
globals().update(
    {dag.dag_id: dag for dag in (build_dag(subject_of(f), Wiring.from_env()) for f in model_names())}
)
