"""``days-to-sell train``: from a lake to one registered version."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click
import mlflow

from days_to_sell.cli.beginning import (
    log_data,
    log_report,
    open_run,
    require_signing_key,
    session_for,
    tags_of,
)
from days_to_sell.cli.making import convert, register_converted
from days_to_sell.cli.options import lake_options, model_option, yes_no_option
from days_to_sell.cli.summaries import write_summary
from days_to_sell.data.training_set import TrainingSet, build_training_set
from days_to_sell.models import find_model
from days_to_sell.registry.exportable import check_exportable
from days_to_sell.registry.publish import require_new
from days_to_sell.registry.reference import production_profile
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.spec import ModelSpec
from days_to_sell.training.compare import Comparison, compare
from days_to_sell.training.fitting.pipeline import build_pipeline
from days_to_sell.training.preparing.prepare import Prepared, prepare


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
    require_signing_key()
    searching = search == "yes"
    model = find_model(folder)
    spec = model.spec
    spark = session_for(spec, master, lake, training_data)
    for candidate in spec.candidates:
        check_exportable(build_pipeline(spec, candidate))
    with open_run(spec) as run:
        asked = time.monotonic()
        training_set = build_training_set(
            spark,
            model,
            lake=lake,
            target=training_data,
            snapshot=snapshot,
            report=click.echo,
            keep_report=log_report,
            reference=production_profile(Registry(), spec.name, click.echo),
            accept_drift=accept_drift == "yes",
        )
        building = time.monotonic() - asked
        log_data(training_set)
        prepared = prepare(spec, training_set.frame, training_set.tables)
        click.echo(f"split {prepared.description}")
        tags = tags_of(spec, training_set)
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
    with tempfile.TemporaryDirectory() as scratch:
        target = package or Path(scratch) / "package"
        converted = convert(spec, compared, prepared, training_set, target=target, searched=searching)
        if not registering:
            return None
        version = register_converted(spec, converted)
    mlflow.set_tag("version", version.version)
    return version


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
