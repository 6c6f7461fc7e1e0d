"""Which engine computes a bundle, said to whoever called."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from days_to_sell.scoring import Bundle
from days_to_sell.scoring.engines import FindRuntime, open_bundle
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.settings import Engine, Settings


def open_and_tell(file: Path, engine: Engine) -> Bundle:
    """Load a bundle, and say on standard error which engine computes it and why.

    Raises:
        BundleError: The bundle is damaged, or the engine cannot compute it.
        EnvironmentProblem: The JVM is asked for and cannot be had.
    """
    opened = open_bundle(file, engine, runtime_of(Settings.from_env()))
    tell_engine(opened.bundle.engine, opened.reason)
    return opened.bundle


def tell_engine(engine: str, reason: str) -> None:
    """Say on standard error which engine computes and why."""
    click.echo(f"engine {engine}: {reason}", err=True)


def runtime_of(settings: Settings) -> FindRuntime:
    """Give what finds Java and MLeap's runtime when they are needed."""
    return partial(_find, settings)


def _find(settings: Settings) -> JvmRuntime:
    # Most commands never get here, and what fetches jars takes time to import.
    from days_to_sell.training.spark.mleap_runtime import find_runtime

    return find_runtime(settings)
