"""``days-to-sell step``: a training in steps, each of which can be killed and started again."""

from __future__ import annotations

from importlib import import_module

import click

STEPS = ("data", "check", "fit", "convert", "register", "promote")


class _Steps(click.Group):
    """Imports a step when it is asked for: some need Spark, others only MLflow."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(STEPS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in STEPS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        return command


@click.command(cls=_Steps)
def step() -> None:
    """One step of a training: data, check, fit, convert, register, promote.

    Steps find in MLflow what the one before left, and what was done already: the same snapshot with the same
    code is never fitted or registered twice. `days-to-sell train` does them in one go.
    """
