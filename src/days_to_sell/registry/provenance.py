"""Provenance: what a model package says of its making, written when it is trained, read to make it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyspark

from days_to_sell import __version__
from days_to_sell.data.code import code_commit
from days_to_sell.data.training_set import Manifest
from days_to_sell.errors import ReproductionError
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from days_to_sell.training.compare import Result
from days_to_sell.training.spark.compatibility import read_coordinates

SOURCE, SOURCE_ROWS = "source.", "source_rows."


@dataclass(frozen=True)
class Recipe:
    """What it takes to make a version again, and what has to come out.

    Args:
        folder: Model folder.
        code_commit: Commit that trained it, perhaps marked, or ``unknown``.
        lake: Root of the lake.
        snapshot: Day of the snapshot.
        sources: Source name to the fingerprint of its content.
        source_rows: Source name to its number of rows.
        training_data: Fingerprint of the training rows.
        estimator: Spark's name of the chosen estimator.
        parameters: What it was fitted with, as JSON.
        searched: Whether they were searched.
    """

    folder: str
    code_commit: str
    lake: str
    snapshot: date
    sources: Mapping[str, str]
    source_rows: Mapping[str, int]
    training_data: str
    estimator: str
    parameters: str
    searched: bool


def write_provenance(best: Result, manifest: Manifest, *, searched: bool) -> dict[str, str]:
    """Say where the best candidate comes from, and whether its parameters were searched."""
    return {
        "run_id": best.run_id,
        "model_folder": manifest.folder,
        "estimator": best.candidate.estimator,
        "parameters": json.dumps(dict(best.candidate.parameters), sort_keys=True),
        "searched": json.dumps(searched),
        "code_commit": code_commit(),
        "lake": manifest.lake,
        "snapshot": manifest.snapshot,
        "training_data": manifest.digest,
        **{f"{SOURCE}{name}": digest for name, digest in manifest.inputs.items()},
        **{f"{SOURCE_ROWS}{name}": str(rows) for name, rows in manifest.input_rows.items()},
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "toolkit": __version__,
        "pyspark": pyspark.__version__,
        "mleap_exporter": read_coordinates(Settings.from_env().mleap_exporter).version,
    }


def read_recipe(package: ModelPackage) -> Recipe:
    """Read how a package was made.

    Raises:
        ReproductionError: It does not say; the message names what is missing.
    """
    said = package.provenance
    try:
        return Recipe(
            folder=said["model_folder"],
            code_commit=said["code_commit"],
            lake=said["lake"],
            snapshot=date.fromisoformat(said["snapshot"]),
            sources=_by_source(said, SOURCE),
            source_rows={name: int(rows) for name, rows in _by_source(said, SOURCE_ROWS).items()},
            training_data=said["training_data"],
            estimator=said["estimator"],
            parameters=said["parameters"],
            searched=json.loads(said["searched"]),
        )
    except KeyError as error:
        raise ReproductionError(
            f"the package of {package.model} ({package.digest}) does not say its {error.args[0]!r}, so it "
            "cannot be made again: a toolkit older than this trained it; train it anew"
        ) from error
    except ValueError as error:
        raise ReproductionError(f"{package.root} has a provenance that cannot be read: {error}") from error


def _by_source(said: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in said.items() if key.startswith(prefix)}
