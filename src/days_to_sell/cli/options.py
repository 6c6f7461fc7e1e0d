"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from days_to_sell.models import model_names
from days_to_sell.settings import ENGINES, Engine, Settings

Command = Callable[..., Any]
TRAINING_DATA = "build/training-data"


def model_option(command: Command) -> Command:
    """``--model``: a folder in models/."""
    return click.option(
        "--model",
        "folder",
        default="days_to_sell",
        show_default=True,
        type=click.Choice(model_names()),
        help="Model folder.",
    )(command)


def master_option(command: Command) -> Command:
    """``--master``: where Spark runs."""
    return click.option("--master", default="local[*]", show_default=True, help="Spark master.")(command)


def yes_no_option(name: str, help: str) -> Callable[[Command], Command]:
    """Make an option that is a flag, and that takes yes or no, which is all an MLflow Project can pass."""
    return click.option(
        name, type=click.Choice(["yes", "no"]), default="no", is_flag=False, flag_value="yes", help=help
    )


def lake_options(command: Command) -> Command:
    """``--lake``, ``--snapshot``, ``--training-data`` and ``--master``: where data is and Spark runs."""
    for option in (
        master_option,
        click.option(
            "--training-data", default=TRAINING_DATA, show_default=True, help="Folder of training sets."
        ),
        click.option(
            "--snapshot",
            type=click.DateTime(["%Y-%m-%d"]),
            callback=_as_date,
            help="Day; the newest if absent.",
        ),
        click.option("--lake", required=True, help="Root of the lake, a folder or s3a://bucket/prefix."),
    ):
        command = option(command)
    return command


def engine_option(command: Command) -> Command:
    """``--engine``: what computes bundles; what the environment says if absent."""
    return click.option(
        "--engine",
        type=click.Choice(ENGINES),
        callback=_or_as_set,
        help="What computes the bundle; auto is Python where it knows every operator, else MLeap's runtime "
        "on a JVM.  [default: DAYS_TO_SELL_ENGINE, else auto]",
    )(command)


def service_options(command: Command) -> Command:
    """``--target``, ``--base-image``, ``--port`` and ``--preprod-port``: where and from what to serve."""
    for option in (
        click.option("--preprod-port", default=8081, show_default=True, help="Port of pre-production."),
        click.option("--port", default=8080, show_default=True, help="Port of production."),
        click.option("--base-image", help="Base of the scoring image."),
        click.option(
            "--target",
            type=click.Choice(["auto", "docker", "process"]),
            default="auto",
            show_default=True,
            help="Where to serve; auto takes Docker where an engine answers.",
        ),
    ):
        command = option(command)
    return command


def _or_as_set(context: click.Context, parameter: click.Parameter, value: Engine | None) -> Engine:
    return value or Settings.from_env().engine


def _as_date(context: click.Context, parameter: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None
