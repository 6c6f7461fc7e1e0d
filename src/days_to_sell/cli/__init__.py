"""The command line: thin commands over the rooms, and the composition of the main job."""

from __future__ import annotations

from importlib import import_module

import click

from days_to_sell import __version__
from days_to_sell.cli.entry import run

# Command to the module that holds it, imported when the command is asked for: Spark and MLflow take
# seconds to import, and no command needs all of them.
COMMANDS = {
    "data": "data",
    "train": "train",
    "submit-flags": "submit_flags",
    "step": "step",
    "promote": "promote",
    "gates": "gates",
    "history": "history",
    "diff": "diff",
    "verify": "verify",
    "reproduce": "reproduce",
    "release": "release",
    "rollback": "rollback",
    "package": "package",
    "build": "build",
    "prepare-database": "prepare_database",
    "publish": "publish",
    "kubernetes": "kubernetes",
    "deployment": "deployment",
    "monitor": "monitor",
    "score": "score",
    "bundle": "bundle",
    "contract": "contract",
    "key": "key",
    "signing-key": "signing_key",
    "doctor": "doctor",
    "notebooks": "notebooks",
    "equivalence": "equivalence",
    "databricks": "databricks",
    "demo": "demo",
}


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(
            import_module(f"{__name__}.{COMMANDS[name]}"), name.replace("-", "_")
        )
        return command


@click.command(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__)
def cli() -> None:
    """Train, register, prove, release and serve Spark ML models on MLflow.

    \b
    Examples:
      days-to-sell train --model days_to_sell --lake s3a://lake/cars
      days-to-sell promote days-to-sell 3
      days-to-sell release days-to-sell
    """


def main() -> None:
    """Run the command line."""
    run(cli, "days-to-sell")
