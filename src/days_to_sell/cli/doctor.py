"""``days-to-sell doctor``: what this machine has, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click
import mlflow
import pyspark

from days_to_sell import __version__
from days_to_sell.errors import DaysToSellError
from days_to_sell.release.engine import connect
from days_to_sell.settings import Settings
from days_to_sell.training.java import find_java


@dataclass(frozen=True)
class _Line:
    subject: str
    look: Callable[[], str]


@click.command()
def doctor() -> None:
    """Print the versions that have to fit together, and what is missing."""
    settings = Settings.from_env()
    lines = (
        _Line("toolkit", lambda: __version__),
        _Line("mlflow", lambda: f"{mlflow.__version__}, tracking at {mlflow.get_tracking_uri()}"),
        _Line("spark", lambda: f"{pyspark.__version__} with Scala 2.12"),
        _Line("exporter", lambda: settings.mleap_exporter),
        _Line("java", lambda: _java(settings)),
        _Line("docker", lambda: f"engine {connect().version()['Version']}, base image {settings.base_image}"),
        _Line("cache", lambda: str(settings.cache_dir)),
    )
    for line in lines:
        try:
            click.echo(f"{line.subject:<10}{line.look()}")
        except DaysToSellError as error:
            click.secho(f"{line.subject:<10}missing: {error}", fg="red")


def _java(settings: Settings) -> str:
    java = find_java(settings)
    passed = f" (passed over: {'; '.join(java.passed_over)})" if java.passed_over else ""
    return f"{java.version} from {java.origin}, {java.home}{passed}"
