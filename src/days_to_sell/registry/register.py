"""The second of two steps to a version: a logged model is registered, and its gates are evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import mlflow

from days_to_sell.errors import DaysToSellError
from days_to_sell.registry.events.place import open_log, whoever_runs_this
from days_to_sell.registry.gates.evaluate import evaluate
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.settings import Settings
from days_to_sell.spec import ModelSpec

# Where a log of this machine alone lies, where the registry is no database.
LOG_FOLDER = Path("build/release")
Progress = Callable[[str], None]


def register(
    spec: ModelSpec,
    model_id: str,
    *,
    registry: Registry,
    flavors: Sequence[str],
    tags: Mapping[str, str],
    description: str = "",
    report: Progress = print,
) -> ModelVersion:
    """Register a logged model as one version, with a description and tags that say what it is.

    Where it is registered already, as by a program that was killed meanwhile, that version is completed.

    Args:
        spec: The model.
        model_id: MLflow's name for the logged model.
        registry: Where it is registered.
        flavors: What can load it.
        tags: What the tags of the version say.
        description: What a person reads first of the version, in Markdown.
        report: Takes lines of progress.

    Raises:
        RegistryError: The registry refused.
    """
    version = registry.made_from(spec.name, model_id)
    if version is None:
        created = mlflow.register_model(f"models:/{model_id}", spec.name)
        version = registry.version(spec.name, str(created.version))
    registry.describe(version, description)
    registry.tag(version, tags)
    report(f"registered {version.model} version {version.version}: {', '.join(flavors)}")
    return version


def evaluate_gates(
    spec: ModelSpec, version: ModelVersion, *, registry: Registry, report: Progress = print
) -> None:
    """Evaluate the gates of a version that stays registered whatever comes of it."""
    try:
        log = open_log(Settings.from_env().event_log, mlflow.get_registry_uri(), LOG_FOLDER, report)
        evaluate(spec, version, registry=registry, log=log, actor=whoever_runs_this(), report=report)
    except DaysToSellError as error:
        again = f"days-to-sell gates {version.model} {version.version} --evaluate"
        report(f"note: its gates were not evaluated ({error}); run: {again}")
