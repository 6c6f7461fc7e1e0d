"""What a training in one go and a training in steps do alike: start Spark, tell MLflow, package, describe."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import mlflow
from pyspark.sql import SparkSession

from days_to_sell.data.report import Report
from days_to_sell.data.report_page import render_page
from days_to_sell.data.training_set import TrainingSet
from days_to_sell.registry.dataset import TrainingDataset
from days_to_sell.registry.publish import Logged, evaluate_gates, log_best, register
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.scoring.signing_keys import read_signing_key
from days_to_sell.settings import Settings
from days_to_sell.spec import ModelSpec
from days_to_sell.training.card import compose, log_card
from days_to_sell.training.compare import Compared, Result
from days_to_sell.training.pictures.album import Picture, log_pictures, pictures_of_chosen
from days_to_sell.training.pictures.varied import spark_score
from days_to_sell.training.preparing.prepare import Prepared
from days_to_sell.training.spark.session import packages_for, start_session


@dataclass(frozen=True, eq=False)
class Converted:
    """The chosen candidate as a logged model with its card.

    Args:
        logged: The logged model and its package.
        description: What a version of it is to say, in Markdown.
    """

    logged: Logged
    description: str


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


def convert(
    spec: ModelSpec,
    compared: Compared,
    prepared: Prepared,
    training_set: TrainingSet,
    *,
    target: Path,
    made: Mapping[str, str] | None = None,
    searched: bool = False,
) -> Converted:
    """Package the chosen candidate, prove and log it, draw it and write its card.

    Args:
        spec: The model.
        compared: The candidates and what they were held against.
        prepared: The folds.
        training_set: The data.
        target: Directory to become the package; it must not exist.
        made: The provenance of the training, where that was another process.
        searched: Whether parameters were searched.
    """
    best = compared.best
    with ThreadPoolExecutor(max_workers=1) as beside:
        drawn = beside.submit(_log_pictures, spec, best, prepared, training_set)
        logged = log_best(
            spec,
            best,
            prepared,
            training_set,
            target=target,
            baselines=compared.baselines,
            searched=searched,
            made=made,
            report=click.echo,
        )
        pictures, provenance = drawn.result(), logged.package.provenance
    card = compose(spec, compared, prepared, training_set, pictures=pictures, provenance=provenance)
    return Converted(logged, log_card(card, best.run_id))


def register_converted(spec: ModelSpec, converted: Converted) -> ModelVersion:
    """Register what was converted as one version, and evaluate its gates."""
    logged, registry = converted.logged, Registry()
    version = register(
        spec,
        logged.model_id,
        registry=registry,
        flavors=logged.flavors,
        tags=logged.tags,
        description=converted.description,
        report=click.echo,
    )
    evaluate_gates(spec, version, registry=registry, report=click.echo)
    return version


def _log_pictures(
    spec: ModelSpec, best: Result, prepared: Prepared, training_set: TrainingSet
) -> list[Picture]:
    """Log to the run of the chosen candidate what it is judged by."""
    score = spark_score(best.model, spec, training_set.frame.sparkSession)
    pictures = pictures_of_chosen(
        spec, best.evaluation, prepared.exam, best.rows, score=score, where=training_set.places
    )
    with mlflow.start_run(run_id=best.run_id, nested=True):
        log_pictures(pictures)
    return pictures
