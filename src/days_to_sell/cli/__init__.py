"""The command line: thin commands over the rooms, and the composition of the main job."""

from __future__ import annotations

import click

from days_to_sell import __version__
from days_to_sell.cli.bundle import bundle
from days_to_sell.cli.data import data
from days_to_sell.cli.demo import demo
from days_to_sell.cli.doctor import doctor
from days_to_sell.cli.entry import run
from days_to_sell.cli.promote import history, promote
from days_to_sell.cli.release import release
from days_to_sell.cli.score import score
from days_to_sell.cli.train import train


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__)
def cli() -> None:
    """Train, register, prove, release and serve Spark ML models on MLflow.

    \b
    Examples:
      days-to-sell train --model days_to_sell --lake s3a://lake/cars
      days-to-sell promote days-to-sell 3
      days-to-sell release days-to-sell
    """


for command in (data, train, promote, history, release, score, bundle, doctor, demo):
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    run(cli)
