"""``days-to-sell data``: example lakes and training data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from days_to_sell.cli.options import lake_options, model_option
from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import find_model
from days_to_sell.training.spark.session import packages_for, start_session


@click.group()
def data() -> None:
    """Write an example lake; build training data with its integrity report."""


@data.command()
@model_option
@click.option("--lake", type=click.Path(path_type=Path), required=True, help="Folder to write the lake to.")
@click.option(
    "--data", "file", type=click.Path(path_type=Path), help="File that the model's example imports."
)
@click.option("--adverts", default=20_000, show_default=True, help="Adverts to generate.")
@click.option("--seed", default=20, show_default=True, help="Seed of the generator.")
def example(folder: str, lake: Path, file: Path | None, adverts: int, seed: int) -> None:
    """Write the example data of a model as a lake.

    \b
    Example:
      days-to-sell data example --lake build/lake --adverts 20000
    """
    snapshot = find_model(folder).write_example_lake(lake, data=file, adverts=adverts, seed=seed)
    click.echo(f"lake {lake} written, snapshot {snapshot}")


@data.command()
@model_option
@lake_options
def build(folder: str, lake: str, snapshot: date | None, training_data: str, master: str) -> None:
    """Check the sources and build the training data.

    \b
    Example:
      days-to-sell data build --lake build/lake
    """
    spark = start_session(
        "training-data", master=master, extra_packages=packages_for(lake) or packages_for(training_data)
    )
    built = build_training_set(
        spark, find_model(folder), lake=lake, target=training_data, snapshot=snapshot, report=click.echo
    )
    click.echo(f"report in {built.path}/integrity.html")
