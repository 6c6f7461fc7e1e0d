"""``days-to-sell bundle``: look into an MLeap bundle, score rows with it, hold it against known answers."""

from __future__ import annotations

import click

from days_to_sell.cli.bundle.inspection import inspect
from days_to_sell.cli.bundle.scored import score
from days_to_sell.cli.bundle.verification import verify


@click.group()
def bundle() -> None:
    """Look into MLeap bundles and model packages, without Spark or a JVM.

    A bundle is a zip, or a directory that holds what the zip would, in MLeap's JSON format. Whoever made it
    needs to know nothing of this toolkit.

    \b
    Examples:
      days-to-sell bundle inspect model.zip
      days-to-sell bundle score model.zip --input rows.csv --output scored.csv
      days-to-sell bundle verify model.zip --golden golden.jsonl
    """


for command in (inspect, score, verify):
    bundle.add_command(command)
