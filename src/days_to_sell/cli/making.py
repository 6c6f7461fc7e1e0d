"""How a training ends, in one go and in steps: the chosen candidate packaged, described and registered."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import mlflow

from days_to_sell.data.training_set import TrainingSet
from days_to_sell.registry.publish import Logged, log_best
from days_to_sell.registry.register import evaluate_gates, register
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.spec import ModelSpec
from days_to_sell.training.card import compose, log_card
from days_to_sell.training.compare import Compared, Result
from days_to_sell.training.pictures.album import Picture, log_pictures, pictures_of_chosen
from days_to_sell.training.pictures.varied import spark_score
from days_to_sell.training.preparing.prepare import Prepared


@dataclass(frozen=True, eq=False)
class Converted:
    """The chosen candidate as a logged model with its card.

    Args:
        logged: The logged model and its package.
        description: What a version of it is to say, in Markdown.
    """

    logged: Logged
    description: str


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
