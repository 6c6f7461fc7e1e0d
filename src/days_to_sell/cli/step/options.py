"""Options that all steps take, and the run that each of them is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import click

from days_to_sell.cli.beginning import open_run
from days_to_sell.cli.options import model_option
from days_to_sell.models import Model, find_model
from days_to_sell.registry.flow import NEWEST, Flow

Command = Callable[..., Any]


def step_options(command: Command) -> Command:
    """``--model``, ``--lake`` and ``--snapshot``: what the steps belong to."""
    for option in (
        click.option(
            "--snapshot",
            default=NEWEST,
            show_default=True,
            callback=_as_day,
            help="Day, such as 2025-06-30; newest is that of the newest training data.",
        ),
        click.option("--lake", required=True, help="Root of the lake, a folder or s3a://bucket/prefix."),
        model_option,
    ):
        command = option(command)
    return command


@contextmanager
def step_run(step: str, folder: str, lake: str, snapshot: str) -> Iterator[tuple[Model, Flow]]:
    """Be a step: a run of MLflow that says which one it is, and that is done only when it says so."""
    model, flow = find_model(folder), Flow(folder, lake, snapshot)
    with open_run(model.spec):
        flow.begin(step)
        yield model, flow


def day_of(snapshot: str) -> date | None:
    """Give the day that a snapshot names; none for the newest."""
    return None if snapshot == NEWEST else date.fromisoformat(snapshot)


def _as_day(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        day_of(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no day; write 2025-06-30 or {NEWEST}") from error
    return value
