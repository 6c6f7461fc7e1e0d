"""The retraining job as settings of the Jobs API, and which job of a workspace it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from days_to_sell.cli.databricks.cluster import ClusterSpec
from days_to_sell.errors import WorkspaceError

DISTRIBUTION, ENTRY_POINT = "days-to-sell", "retrain"
TAG = "days-to-sell-job"
NO_SCHEDULE = "none"
HOUR = 3_600
RETRY_AFTER_MILLIS = 300_000
# What is kept as it is in the workspace where a push does not name it.
KEPT = ("name", "schedule", "email_notifications", "webhook_notifications")


@dataclass(frozen=True)
class Schedule:
    """When the job starts by itself.

    Args:
        cron: Quartz expression with seconds, such as ``0 0 4 * * ?``.
        timezone: Java time zone that it is read in.
    """

    cron: str
    timezone: str


@dataclass(frozen=True)
class Job:
    """The retraining of one model.

    Args:
        model: Folder of the model.
        parameters: Arguments of ``days-to-sell train``.
        cluster: What it runs on.
        libraries: What is installed beside the libraries of the cluster.
        variables: Environment of the cluster beside the variables of its spec.
        name: Name in the workspace; what it is called there already when not given.
        schedule: When it starts by itself; as it is there already when not given, never for ``none``.
        emails: Who is told of a failed run; as it is there already when empty.
        webhooks: Numbers of the notification destinations that are told; likewise.
        retries: How often a failed run is tried again.
        hours: After how many hours a run is ended.
    """

    model: str
    parameters: Sequence[str]
    cluster: ClusterSpec
    libraries: Sequence[Mapping[str, str]]
    variables: Mapping[str, str]
    name: str | None = None
    schedule: Schedule | str | None = None
    emails: Sequence[str] = ()
    webhooks: Sequence[str] = ()
    retries: int = 1
    hours: int = 4

    @property
    def key(self) -> str:
        """Value of the tag by which it is known, whatever it is called."""
        return f"{ENTRY_POINT}-{self.model}"

    @property
    def usual_name(self) -> str:
        """What it is called where nobody named it."""
        return self.name or f"days-to-sell: retrain {self.model}"

    def settings(self, existing: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Write it as the Jobs API takes it.

        Args:
            existing: Settings of the job in the workspace; what this job does not name stays as it is.
        """
        kept = {name: existing[name] for name in KEPT if existing and existing.get(name)}
        settings: dict[str, Any] = {
            "name": self.usual_name,
            **kept,
            **({"name": self.name} if self.name else {}),
            "tags": {**((existing or {}).get("tags") or {}), TAG: self.key},
            "max_concurrent_runs": 1,
            "timeout_seconds": self.hours * HOUR * (self.retries + 1),
            "tasks": [self._task()],
        }
        if self.emails:
            settings["email_notifications"] = {"on_failure": list(self.emails)}
        if self.webhooks:
            settings["webhook_notifications"] = {"on_failure": [{"id": each} for each in self.webhooks]}
        if self.schedule == NO_SCHEDULE:
            settings.pop("schedule", None)
        elif isinstance(self.schedule, Schedule):
            settings["schedule"] = {
                "quartz_cron_expression": self.schedule.cron,
                "timezone_id": self.schedule.timezone,
                # Whoever paused it there had a reason.
                "pause_status": (kept.get("schedule") or {}).get("pause_status", "UNPAUSED"),
            }
        return settings

    def _task(self) -> dict[str, Any]:
        cluster = self.cluster.new_cluster
        variables = {**cluster.get("spark_env_vars", {}), **self.variables}
        return {
            "task_key": ENTRY_POINT,
            "python_wheel_task": {
                "package_name": DISTRIBUTION,
                "entry_point": ENTRY_POINT,
                "parameters": list(self.parameters),
            },
            "new_cluster": {**cluster, "spark_env_vars": variables},
            "libraries": [*self.cluster.libraries, *map(dict, self.libraries)],
            "timeout_seconds": self.hours * HOUR,
            "max_retries": self.retries,
            "min_retry_interval_millis": RETRY_AFTER_MILLIS,
            "retry_on_timeout": False,
        }


def find_job(job: Job, jobs: Iterable[Mapping[str, Any]]) -> int | None:
    """Tell which job of a workspace this is: the one with its tag, whatever it is called.

    Returns:
        Its number; None where it has to be created.

    Raises:
        WorkspaceError: Two jobs could be meant, or one has the name and not the tag.
    """
    listed = [(int(each["job_id"]), each.get("settings") or {}) for each in jobs]
    ours = [number for number, settings in listed if (settings.get("tags") or {}).get(TAG) == job.key]
    if len(ours) > 1:
        raise WorkspaceError(
            f"jobs {_numbers(ours)} all have the tag {TAG}={job.key}, so that it cannot be told which "
            "to update; remove the tag from all but one, or delete what is a copy"
        )
    name = job.usual_name if not ours or job.name else ""
    # The API compares names without regard to case, and so do people.
    named = [
        number
        for number, settings in listed
        if name and str(settings.get("name", "")).lower() == name.lower() and number not in ours
    ]
    if named:
        raise WorkspaceError(
            f"job {_numbers(named)} is called {name!r} and does not have the tag {TAG}={job.key}; it is left "
            "as it is; give it the tag if it is to be updated, rename it, or choose another --job-name"
        )
    return ours[0] if ours else None


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
