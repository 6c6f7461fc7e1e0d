"""``days-to-sell step data``: the training data of a snapshot, with its integrity report."""

from __future__ import annotations

from dataclasses import asdict

import click

from days_to_sell.cli.beginning import log_data, log_report, session_for
from days_to_sell.cli.options import TRAINING_DATA, master_option
from days_to_sell.cli.step.options import day_of, step_options, step_run
from days_to_sell.data.training_set import build_training_set
from days_to_sell.errors import IntegrityError
from days_to_sell.registry.flow import key_of


@click.command()
@step_options
@click.option("--training-data", default=TRAINING_DATA, show_default=True, help="Folder of training sets.")
@master_option
@click.option(
    "--halt",
    type=click.Choice(["yes", "no"]),
    default="yes",
    show_default=True,
    help="Whether a red report fails this step; else step check tells it.",
)
def data(folder: str, lake: str, snapshot: str, training_data: str, master: str, halt: str) -> None:
    """Check the sources of a snapshot and build the training data; the report goes to MLflow.

    \b
    Example:
      days-to-sell step data --lake build/lake --snapshot 2025-06-30
    """
    with step_run("data", folder, lake, snapshot) as (model, flow):
        spark = session_for(model.spec, master, lake, training_data)
        try:
            built = build_training_set(
                spark,
                model,
                lake=lake,
                target=training_data,
                snapshot=day_of(snapshot),
                report=click.echo,
                keep_report=log_report,
            )
        except IntegrityError as error:
            if halt == "yes":
                raise
            click.echo(f"{error}\nthe report is kept; step check halts here")
            flow.finish(snapshot, "", {"training_data": ""})
            return
        log_data(built)
        manifest = asdict(built.manifest)
        left = {"training_data": built.path, "manifest": manifest}
        flow.finish(built.manifest.snapshot, key_of(model, built.path), left)
        click.echo(f"report in {built.path}/integrity.html")
