"""How a training begins, in one go and in steps: a session of Spark, and a run that says what it reads."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

import mlflow
from pyspark.sql import SparkSession

from days_to_sell.data.report import Report
from days_to_sell.data.report_page import render_page
from days_to_sell.data.training_set import TrainingSet
from days_to_sell.registry.dataset import TrainingDataset
from days_to_sell.scoring.signing_keys import read_signing_key
from days_to_sell.settings import Settings
from days_to_sell.spec import ModelSpec
from days_to_sell.training.spark.session import packages_for, start_session


def session_for(spec: ModelSpec, master: str, *locations: str) -> SparkSession:
    """Start Spark for a training that reads and writes at some locations."""
    packages = next((found for found in map(packages_for, locations) if found), ())
    return start_session(f"train-{spec.name}", master=master, extra_packages=packages)


def require_signing_key() -> None:
    """Make sure that a package can be signed where one is to be: before hours of training, not after them.

    Raises:
        SignatureError: The environment names a key that cannot be used.
    """
    if key_file := Settings.from_env().signing_key:
        read_signing_key(key_file)


def open_run(spec: ModelSpec) -> AbstractContextManager[Any]:
    """Start a run, in the experiment of the model unless whoever started this process chose another."""
    if mlflow.active_run() is None and not mlflow.environment_variables.MLFLOW_RUN_ID.get():
        mlflow.set_experiment(spec.name)
    run: AbstractContextManager[Any] = mlflow.start_run()
    return run


def log_report(checked: Report) -> None:
    """Log an integrity report to the active run, for people and for programs."""
    mlflow.log_text(checked.to_table(), "integrity/report.txt")
    mlflow.log_text(checked.to_json(), "integrity/report.json")
    mlflow.log_text(render_page(checked), "integrity/report.html")
    mlflow.set_tag("integrity", "green" if checked.green else "red")


def log_data(training_set: TrainingSet) -> None:
    """Log to the active run which training data it reads."""
    manifest = training_set.manifest
    mlflow.log_input(TrainingDataset(training_set), context="training")
    # `mlflow run` has logged the parameters of the entry point already, and a parameter cannot change.
    mlflow.log_params({"data_snapshot": manifest.snapshot, "data_digest": manifest.digest})
    mlflow.log_metrics({"training_rows": manifest.rows, "censored_share": manifest.censored})
    mlflow.log_dict(asdict(manifest), "training_data/manifest.json")


def tags_of(spec: ModelSpec, training_set: TrainingSet) -> dict[str, str]:
    """Give the tags that every run of a training gets."""
    return {"model": spec.name, "training_data.digest": training_set.manifest.digest}
