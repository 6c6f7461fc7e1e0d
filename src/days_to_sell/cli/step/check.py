"""``days-to-sell step check``: nothing after it runs where the integrity report is red."""

from __future__ import annotations

import click
import mlflow

from days_to_sell.cli.beginning import log_report, session_for
from days_to_sell.cli.options import master_option, yes_no_option
from days_to_sell.cli.step.options import step_options, step_run
from days_to_sell.data.drift import check_drift
from days_to_sell.data.report import Report
from days_to_sell.data.training_set import open_training_set
from days_to_sell.errors import DataError, IntegrityError
from days_to_sell.models import Model
from days_to_sell.registry.flow import Done
from days_to_sell.registry.reference import production_profile
from days_to_sell.registry.versions import Registry

# EX_DATAERR of sysexits.h: to try again makes it no better.
RED = 65
REPORT = "integrity/report.json"


@click.command()
@step_options
@master_option
@yes_no_option("--accept-drift", "Go on with data unlike that of Production, with a warning.")
def check(folder: str, lake: str, snapshot: str, master: str, accept_drift: str) -> None:
    """Hold the training data against its integrity report, and against what Production was trained on.

    Ends with code 65 where the report is red, and with 1 where it cannot be told.

    \b
    Example:
      days-to-sell step check --lake build/lake --snapshot 2025-06-30
    """
    try:
        with step_run("check", folder, lake, snapshot) as (model, flow):
            data = flow.needed("data")
            checked = _report_of(model, data, master, accepting=accept_drift == "yes")
            log_report(checked)
            click.echo(checked.to_summary())
            checked.halt_if_red()
            flow.finish(data.left["manifest"]["snapshot"], data.key, {"data": data.run_id})
    except IntegrityError as error:
        click.echo(f"error: {error}", err=True)
        raise click.exceptions.Exit(RED) from error


def report_of(run_id: str) -> Report:
    """Read the report that a step logged."""
    artifacts = mlflow.get_run(run_id).info.artifact_uri
    return Report.from_json(mlflow.artifacts.load_text(f"{artifacts}/{REPORT}"))


def _report_of(model: Model, data: Done, master: str, *, accepting: bool) -> Report:
    """Add to the report of the data how it differs from Production's, which takes Spark."""
    checked = report_of(data.run_id)
    if not checked.green:
        return checked
    reference = production_profile(Registry(), model.spec.name, click.echo)
    if reference is None:
        return checked
    path = data.left["training_data"]
    found = open_training_set(session_for(model.spec, master, path), path)
    if found is None:
        raise DataError(f"the training data {path} is gone; run step data again")
    return checked + check_drift(model.spec, found.frame, reference, halts=not accepting)
