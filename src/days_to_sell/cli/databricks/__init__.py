"""``days-to-sell databricks``: notebooks and the retraining job in a Databricks workspace."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from days_to_sell.cli.databricks.cluster import SPEC, read_cluster_spec
from days_to_sell.cli.databricks.job import NO_SCHEDULE, Job, Schedule
from days_to_sell.cli.options import model_option

# A cluster sees none of the folders of this machine.
REACHABLE = re.compile(r"(/Volumes/|dbfs:/|s3a://|abfss://|gs://).+")
FOLDER = re.compile(r"(/[^/]+)+")


@click.group()
def databricks() -> None:
    """Notebooks and the retraining job in a Databricks workspace."""


@databricks.command()
@model_option
@click.option("--workspace-folder", required=True, help="Folder there, such as /Shared/days-to-sell.")
@click.option("--lake", required=True, help="Root of the lake, as the cluster reaches it.")
@click.option("--training-data", required=True, help="Folder of training sets, as the cluster reaches it.")
@click.option("--profile", envvar="DATABRICKS_CONFIG_PROFILE", help="Profile of ~/.databrickscfg.")
@click.option(
    "--cluster-spec",
    type=click.Path(path_type=Path),
    help=f"JSON file with new_cluster and libraries.  [default: the project's {SPEC}]",
)
@click.option("--schedule", "cron", help="Quartz expression with seconds; none removes a schedule.")
@click.option("--timezone", default="UTC", show_default=True, help="Java time zone of the schedule.")
@click.option(
    "--tracking-uri",
    default="databricks",
    show_default=True,
    help="MLflow server that the job logs and registers with.",
)
@click.option("--notify", "emails", multiple=True, help="E-mail address that is told of a failed run.")
@click.option("--notify-webhook", "webhooks", multiple=True, help="Number of a notification destination.")
@click.option("--job-name", help="Name of the job; what it is called there already if absent.")
@click.option("--retries", type=click.IntRange(0), default=1, show_default=True, help="Of a failed run.")
@click.option("--hours", type=click.IntRange(1), default=4, show_default=True, help="Most that a run takes.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and ask no workspace.")
def push(
    folder: str,
    workspace_folder: str,
    lake: str,
    training_data: str,
    profile: str | None,
    cluster_spec: Path | None,
    cron: str | None,
    timezone: str,
    tracking_uri: str,
    emails: tuple[str, ...],
    webhooks: tuple[str, ...],
    job_name: str | None,
    retries: int,
    hours: int,
    dry_run: bool,
) -> None:
    """Import the notebooks, and create or update the job that retrains the model.

    Address and token come from DATABRICKS_HOST and DATABRICKS_TOKEN, or from a profile. It can be run again
    at any time: notebooks are replaced, and the job is known by its tag, whatever people call it there.

    \b
    Examples:
      days-to-sell databricks push --workspace-folder /Shared/days-to-sell \\
        --lake /Volumes/main/cars/lake --training-data /Volumes/main/cars/training \\
        --schedule "0 0 4 * * ?" --timezone Europe/London --notify team@example.com
      days-to-sell databricks push --workspace-folder /Shared/days-to-sell \\
        --lake s3a://lake/cars --training-data s3a://lake/training --dry-run
    """
    # Only now: what builds wheels and speaks to workspaces takes its time to import.
    from days_to_sell.cli.databricks.files import NOTEBOOKS, build_libraries, read_notebooks
    from days_to_sell.cli.databricks.push import Push
    from days_to_sell.cli.databricks.workspace import Workspace, find_access
    from days_to_sell.release.project import project_root

    _check_places(workspace_folder, {"--lake": lake, "--training-data": training_data})
    root = project_root()
    spec = read_cluster_spec(cluster_spec or root / SPEC)
    job = Job(
        model=folder,
        parameters=("--model", folder, "--lake", lake, "--training-data", training_data),
        cluster=spec,
        libraries=(),
        variables={"MLFLOW_TRACKING_URI": tracking_uri, "MLFLOW_REGISTRY_URI": tracking_uri},
        name=job_name,
        schedule=NO_SCHEDULE if cron == NO_SCHEDULE else Schedule(cron, timezone) if cron else None,
        emails=emails,
        webhooks=webhooks,
        retries=retries,
        hours=hours,
    )
    # A push without credentials ends before a wheel is built for it.
    access = None if dry_run else find_access(profile)
    pushed = Push(workspace_folder.rstrip("/"), read_notebooks(root / NOTEBOOKS), build_libraries(root), job)
    if access is None:
        click.echo("\n".join(pushed.told()))
        click.echo(json.dumps(pushed.installed().settings(), indent=2))
    else:
        pushed.run(Workspace(access, click.echo), click.echo)


def _check_places(folder: str, places: dict[str, str]) -> None:
    if not FOLDER.fullmatch(folder.rstrip("/")) or folder.startswith("/Workspace/"):
        raise click.BadParameter(
            f"{folder!r} is no absolute path of a workspace; write it as /Shared/NAME",
            param_hint="--workspace-folder",
        )
    for option, place in places.items():
        if not REACHABLE.fullmatch(place):
            raise click.BadParameter(
                f"{place!r} is no place that a cluster reaches; name one under /Volumes/ or s3a://",
                param_hint=option,
            )
