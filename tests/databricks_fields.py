"""What the published REST API of Databricks takes, request by request, and how a request is held against it.

Where the fields are from:

- workspace/mkdirs, import: REST reference, docs.databricks.com/api/workspace-files/v1/{mkdirs,import}.
- jobs/create, get, list, reset and all that is nested in them (JobSettings, Task, ClusterSpec, Library ...):
  the data classes of databricks-sdk, which Databricks generates from the OpenAPI document behind that
  reference; MLflow brings them. They describe version 2.2 of the Jobs API; in 2.1 the paging of long lists of
  tasks differs, and whether jobs are queued ("Updating from Jobs API 2.1 to 2.2"); neither is used.
- jobs/runs/submit 2.0: docs.databricks.com/reference/jobs-2.0-api, "Runs submit". The reference does not have
  ``shell_command_task``, which MLflow sends; its two fields are those of MLflow's own source.
- dbfs/get-status: docs.databricks.com/api/files/v2, and its path as MLflow sends it, in the body of a GET.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from databricks.sdk.service.compute import ClusterSpec, Library
from databricks.sdk.service.jobs import JobSettings, NotebookTask, SparkJarTask, SparkPythonTask
from databricks.sdk.service.workspace import ImportFormat, Language


@dataclass(frozen=True)
class Mkdirs:
    """POST workspace/mkdirs."""

    path: str


@dataclass(frozen=True)
class Import:
    """POST workspace/import."""

    path: str
    format: ImportFormat | None = None
    language: Language | None = None
    content: str | None = None
    overwrite: bool | None = None


@dataclass(frozen=True)
class ListJobs:
    """GET jobs/list: a query."""

    limit: int | None = None
    expand_tasks: Literal["true", "false"] | None = None
    name: str | None = None
    page_token: str | None = None


@dataclass(frozen=True)
class GetJob:
    """GET jobs/get: a query."""

    job_id: int
    page_token: str | None = None


@dataclass(frozen=True)
class ResetJob:
    """POST jobs/reset."""

    job_id: int
    new_settings: JobSettings


@dataclass(frozen=True)
class ShellCommandTask:
    """What MLflow runs; in no reference."""

    command: list[str]
    env_vars: dict[str, str]


@dataclass(frozen=True)
class SubmitRun:
    """POST jobs/runs/submit, version 2.0."""

    run_name: str | None = None
    existing_cluster_id: str | None = None
    new_cluster: ClusterSpec | None = None
    libraries: list[Library] | None = None
    notebook_task: NotebookTask | None = None
    spark_jar_task: SparkJarTask | None = None
    spark_python_task: SparkPythonTask | None = None
    shell_command_task: ShellCommandTask | None = None
    timeout_seconds: int | None = None
    idempotency_token: str | None = None


@dataclass(frozen=True)
class GetRun:
    """GET jobs/runs/get: a query."""

    run_id: int


@dataclass(frozen=True)
class DbfsStatus:
    """GET dbfs/get-status."""

    path: str


REQUESTS: Mapping[tuple[str, str], type] = {
    ("POST", "/api/2.0/workspace/mkdirs"): Mkdirs,
    ("POST", "/api/2.0/workspace/import"): Import,
    ("GET", "/api/2.1/jobs/list"): ListJobs,
    ("GET", "/api/2.1/jobs/get"): GetJob,
    ("POST", "/api/2.1/jobs/create"): JobSettings,
    ("POST", "/api/2.1/jobs/reset"): ResetJob,
    ("POST", "/api/2.0/jobs/runs/submit"): SubmitRun,
    ("GET", "/api/2.0/jobs/runs/get"): GetRun,
    ("GET", "/api/2.0/dbfs/get-status"): DbfsStatus,
}
# What the reference bounds beside types.
BOUNDS = {"limit": range(1, 101), "max_concurrent_runs": range(1001), "max_retries": range(-1, 1_000_000)}


def faults(value: Any, kind: Any, where: str = "") -> list[str]:
    """Tell what of a value the API would not take: unknown and missing fields, wrong types.

    >>> faults({"path": "/a", "paht": "/b"}, Mkdirs)
    ['paht is no field of Mkdirs']
    >>> faults({"path": 3}, Mkdirs)
    ['path is 3, no str']
    """
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    if is_dataclass(kind):
        return _of_object(value, kind, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return [] if value in inner else [f"{where} is {value!r}, none of {', '.join(inner)}"]
    if origin is list and isinstance(value, list):
        return [fault for n, each in enumerate(value) for fault in faults(each, inner[0], f"{where}[{n}]")]
    if origin is dict and isinstance(value, dict):
        return [fault for name, each in value.items() for fault in faults(each, inner[1], f"{where}.{name}")]
    if isinstance(kind, type) and issubclass(kind, Enum):
        known = [each.value for each in kind]
        return [] if value in known else [f"{where} is {value!r}, none of {', '.join(known)}"]
    if kind is Any or (isinstance(kind, type) and type(value) is kind):
        last = where.rpartition(".")[2]
        return [f"{where} is {value}, out of bounds"] if value not in BOUNDS.get(last, [value]) else []
    return [f"{where} is {value!r}, no {getattr(origin or kind, '__name__', kind)}"]


def _of_object(value: Any, kind: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where or 'the request'} is {value!r}, no object"]
    hints, prefix = get_type_hints(kind), f"{where}." if where else ""
    needed = {
        each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING
    }
    found = [f"{prefix}{name} is missing" for name in sorted(needed - value.keys())]
    for name, each in value.items():
        if name in hints:
            found += faults(each, hints[name], f"{prefix}{name}")
        else:
            found.append(f"{prefix}{name} is no field of {kind.__name__}")
    return found


def more_faults(request: Any) -> list[str]:
    """Tell what the API refuses that types do not show: what goes together, and what does not."""
    found = []
    settings = request.get("new_settings", request)
    for task in settings.get("tasks") or []:
        kinds = [name for name in task if name.endswith("_task")]
        computes = [
            each for each in ("new_cluster", "existing_cluster_id", "job_cluster_key") if each in task
        ]
        if len(kinds) != 1 or len(computes) != 1:
            found.append(f"task {task.get('task_key')} has kinds {kinds} and compute {computes}; one of each")
    clusters = [task.get("new_cluster") for task in settings.get("tasks") or []] + [
        request.get("new_cluster")
    ]
    for cluster in filter(None, clusters):
        if ("autoscale" in cluster) == ("num_workers" in cluster):
            found.append("a cluster has one of autoscale and num_workers")
        if not cluster.get("spark_version") or not (
            cluster.get("node_type_id") or cluster.get("instance_pool_id")
        ):
            found.append("a cluster needs spark_version, and node_type_id or instance_pool_id")
    if request.get("format") == "SOURCE" and "language" not in request:
        found.append("language must be set to import a single file as SOURCE")
    return found
