"""What steps take from those before them: the checked training data, and the run that a key was done in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
import mlflow
from pyspark.sql import SparkSession

from days_to_sell.cli.step.check import report_of
from days_to_sell.data.training_set import TrainingSet, open_training_set
from days_to_sell.errors import DataError
from days_to_sell.registry.flow import Done, Flow


def checked_data(flow: Flow) -> Done:
    """Find the newest training data, which has to have passed its checks.

    Raises:
        RegistryError: There is none, or it was not checked, or is red.
    """
    data = flow.needed("data")
    flow.needed("check", data.key)
    return data


def open_checked(spark: SparkSession, flow: Flow, data: Done) -> TrainingSet:
    """Open training data with the report that step check came to.

    Raises:
        DataError: It was removed.
    """
    path = data.left["training_data"]
    found = open_training_set(spark, path)
    if found is None:
        raise DataError(f"the training data {path} is gone; run step data again")
    return replace(found, report=report_of(flow.needed("check", data.key).run_id))


def said_done(step: str, done: Done | None, **left: Any) -> bool:
    """Tell whether a step was done before, and say so here and in MLflow.

    Args:
        step: The step.
        done: The newest run that did it, if any.
        left: What it has to have left, for it to be what is wanted now.
    """
    if done is None or any(done.left[name] != value for name, value in left.items()):
        return False
    mlflow.set_tag("flow.found", done.run_id)
    click.echo(f"step {step} was done by run {done.run_id}; nothing is done twice")
    return True
