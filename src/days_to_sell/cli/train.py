"""``days-to-sell train``: from a lake to one registered version."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click
import mlflow

from days_to_sell.cli.options import lake_options, model_option, yes_no_option
from days_to_sell.cli.summaries import write_summary
from days_to_sell.data.report import Report
from days_to_sell.data.report_page import render_page
from days_to_sell.data.training_set import TrainingSet, build_training_set
from days_to_sell.models import find_model
from days_to_sell.registry.dataset import TrainingDataset
from days_to_sell.registry.exportable import check_exportable
from days_to_sell.registry.publish import log_best, register, require_new
from days_to_sell.registry.reference import production_profile
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.scoring.signing_keys import read_signing_key
from days_to_sell.settings import Settings
from days_to_sell.spec import ModelSpec
from days_to_sell.training.card import compose, log_card
from days_to_sell.training.compare import Comparison, Result, compare
from days_to_sell.training.fitting.pipeline import build_pipeline
from days_to_sell.training.pictures.album import Picture, log_pictures, pictures_of_chosen
from days_to_sell.training.pictures.varied import spark_score
from days_to_sell.training.preparing.prepare import Prepared, prepare
from days_to_sell.training.spark.session import packages_for, start_session


@click.command()
@model_option
@lake_options
@click.option("--summary", type=click.Path(path_type=Path), help="JSON file to write what came out to.")
@click.option("--package", type=click.Path(path_type=Path), help="New folder to keep the model package in.")
@click.option(
    "--register/--no-register", "registering", default=True, help="Register the best, or only log it."
)
@yes_no_option("--search", "Search among the parameters that candidates name.")
@yes_no_option("--accept-drift", "Train on data unlike that of Production, with a warning.")
def train(
    folder: str,
    lake: str,
    snapshot: date | None,
    training_data: str,
    master: str,
    summary: Path | None,
    package: Path | None,
    registering: bool,
    search: str,
    accept_drift: str,
) -> None:
    """Check the data, compare the candidates and register the best as one version.

    The tracking server is MLFLOW_TRACKING_URI. A red integrity report stops the run before any fit.

    \b
    Examples:
      days-to-sell train --model days_to_sell --lake build/lake
      days-to-sell train --lake s3a://lake/cars --master spark://cluster:7077
      days-to-sell train --lake build/lake --search
      days-to-sell train --lake build/lake --no-register --package build/package
    """
    started = time.monotonic()
    if package:
        require_new(package)
    if key_file := Settings.from_env().signing_key:
        # Before hours of training, rather than after them.
        read_signing_key(key_file)
    searching = search == "yes"
    model = find_model(folder)
    spec = model.spec
    packages = packages_for(lake) or packages_for(training_data)
    spark = start_session(f"train-{spec.name}", master=master, extra_packages=packages)
    for candidate in spec.candidates:
        check_exportable(build_pipeline(spec, candidate))
    if mlflow.active_run() is None and not mlflow.environment_variables.MLFLOW_RUN_ID.get():
        mlflow.set_experiment(spec.name)
    with mlflow.start_run() as run:
        asked = time.monotonic()
        training_set = build_training_set(
            spark,
            model,
            lake=lake,
            target=training_data,
            snapshot=snapshot,
            report=click.echo,
            keep_report=_log_report,
            reference=production_profile(Registry(), spec.name, click.echo),
            accept_drift=accept_drift == "yes",
        )
        building = time.monotonic() - asked
        _log_data(training_set)
        prepared = prepare(spec, training_set.frame, training_set.tables)
        click.echo(f"split {prepared.description}")
        tags = {"model": spec.name, "training_data.digest": training_set.manifest.digest}
        compared = compare(spec, prepared, tags=tags, searching=searching, report=click.echo)
        version = _publish(spec, compared, prepared, training_set, package, registering, searching)
    if summary:
        seconds = {"data": building, "train": time.monotonic() - started - building}
        _write_summary(summary, run.info.run_id, spec.name, version, compared, seconds)


def _publish(
    spec: ModelSpec,
    compared: Comparison,
    prepared: Prepared,
    training_set: TrainingSet,
    package: Path | None,
    registering: bool,
    searching: bool,
) -> ModelVersion | None:
    """Package the chosen candidate, write its card and, if wanted, register it."""
    best = compared.best
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max_workers=1) as beside:
        drawn = beside.submit(_log_pictures, spec, best, prepared, training_set)
        target = package or Path(scratch) / "package"
        logged = log_best(
            spec,
            best,
            prepared,
            training_set,
            target=target,
            baselines=compared.baselines,
            searched=searching,
            report=click.echo,
        )
        pictures, provenance = drawn.result(), logged.package.provenance
        card = compose(spec, compared, prepared, training_set, pictures=pictures, provenance=provenance)
        described = log_card(card, best.run_id)
        if not registering:
            return None
        version = register(spec, best, logged, registry=Registry(), description=described, report=click.echo)
    mlflow.set_tag("version", version.version)
    return version


def _log_report(checked: Report) -> None:
    mlflow.log_text(checked.to_table(), "integrity/report.txt")
    mlflow.log_text(checked.to_json(), "integrity/report.json")
    mlflow.log_text(render_page(checked), "integrity/report.html")
    mlflow.set_tag("integrity", "green" if checked.green else "red")


def _log_data(training_set: TrainingSet) -> None:
    manifest = training_set.manifest
    mlflow.log_input(TrainingDataset(training_set), context="training")
    # `mlflow run` has logged the parameters of the entry point already, and a parameter cannot change.
    mlflow.log_params({"data_snapshot": manifest.snapshot, "data_digest": manifest.digest})
    mlflow.log_metrics({"training_rows": manifest.rows, "censored_share": manifest.censored})
    mlflow.log_dict(asdict(manifest), "training_data/manifest.json")


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


def _write_summary(
    target: Path,
    run_id: str,
    model: str,
    version: ModelVersion | None,
    compared: Comparison,
    seconds: Mapping[str, float],
) -> None:
    content = {
        "model": model,
        "version": version.version if version else None,
        "run_id": run_id,
        "candidates": [
            {
                "estimator": result.candidate.estimator,
                "parameters": dict(result.candidate.parameters),
                "reason": result.reason,
                **result.evaluation.flat(),
            }
            for result in compared.results
        ],
        "baseline": compared.baselines[0].flat(),
        "baselines": [{"name": baseline.name, **baseline.flat()} for baseline in compared.baselines],
        "seconds": {part: round(value, 1) for part, value in seconds.items()},
    }
    write_summary(target, content)
