"""``days-to-sell reproduce``: make a registered version again, and compare."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click
from mlflow import MlflowClient

from days_to_sell.cli.options import master_option
from days_to_sell.registry.reproduction.checkout import find_repository
from days_to_sell.registry.reproduction.findings import to_table
from days_to_sell.registry.reproduction.record import record
from days_to_sell.registry.reproduction.reproduce import reproduce as make_again
from days_to_sell.registry.reproduction.workshop import Environment, Workshop
from days_to_sell.registry.versions import Registry


@click.command()
@click.argument("model")
@click.argument("version")
@click.option(
    "--environment",
    type=click.Choice(["fresh", "current"]),
    default="fresh",
    show_default=True,
    help="The requirements that the commit pins, or quicker, those that run now.",
)
@click.option(
    "--repository",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Clone of the project that has the commit; the one that runs if absent.",
)
@click.option("--lake", help="Root of the lake, if it has moved since.")
@master_option
@click.option("--timeout", default=3600.0, show_default=True, help="Seconds that each step may take.")
@click.option("--keep", is_flag=True, help="Keep the scratch folder, and say where it is.")
def reproduce(
    model: str,
    version: str,
    environment: Environment,
    repository: Path | None,
    lake: str | None,
    master: str,
    timeout: float,
    keep: bool,
) -> None:
    """Make VERSION of registered MODEL again from its commit and snapshot, and compare golden answers.

    Everything happens in a scratch folder: a clone at the commit, its pinned requirements, the training data,
    the training. The tracking server gets one run that says what came out. Ends with code 1 on a difference.

    \b
    Examples:
      days-to-sell reproduce days-to-sell 3
      days-to-sell reproduce days-to-sell 3 --environment current
      days-to-sell reproduce days-to-sell 3 --lake s3a://archive/cars
    """
    registry = Registry()
    found = registry.version(model, version)
    clone = repository or find_repository()
    if environment == "current":
        click.secho("*** not a clean environment: this one's packages are used ***", bold=True)
    scratch = Path(tempfile.mkdtemp(prefix="reproduce-"))
    try:
        workshop = Workshop(scratch, environment, timeout, click.echo)
        made = make_again(registry, found, workshop, repository=clone, lake=lake, master=master)
    finally:
        if keep:
            click.echo(f"kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    run_id = record(made, MlflowClient())
    taken = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in made.seconds.items())
    click.echo(f"{to_table(made.findings)}\nrun {run_id} ({taken})")
    click.secho(made.verdict, bold=True)
    if not made.reproduced:
        raise click.exceptions.Exit(1)
