"""Running a command: an error of ours is a message and exit code 1, never a stack trace."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from days_to_sell.cli.lean import leave_unused
from days_to_sell.cli.unpacked import run_unpacked
from days_to_sell.errors import DaysToSellError
from days_to_sell.settings import PREFIX


def run(command: click.Command | str, name: str | None = None) -> None:
    """Run a command with the arguments of this process.

    Args:
        command: The command, or the module of this package that holds one of the same name, such as
            ``step.fit``: it is imported when all is ready for it.
        name: What its help calls it.
    """
    run_unpacked()
    leave_unused()
    if isinstance(command, str):
        found: click.Command = getattr(import_module(f"{__package__}.{command}"), command.rpartition(".")[2])
        command = found
    # A command tells its own progress; MLflow would draw a bar for every artifact between the lines.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # MLflow has a variable of its own for the same server. What else is set is the commands' to read.
    if endpoint := os.environ.get(f"{PREFIX}S3_ENDPOINT"):
        os.environ.setdefault("MLFLOW_S3_ENDPOINT_URL", endpoint)
    try:
        command(prog_name=name)
    except DaysToSellError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
