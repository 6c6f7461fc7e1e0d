"""The workshop: a checkout of the project with a Python that runs it, and nothing of ours in its way."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from days_to_sell.registry.provenance import Recipe
from days_to_sell.registry.reproduction.steps import Progress, run_step
from days_to_sell.scoring.package import ModelPackage, open_package

Environment = Literal["fresh", "current"]
# What would lead the checkout's Python to other code, another Spark or another tracking server.
LEFT_OUT = ("PYTHON", "MLFLOW_", "SPARK_", "PYSPARK_", "VIRTUAL_ENV", "CONDA_", "MAKE", "MFLAGS")


@dataclass(frozen=True)
class Workshop:
    """Where a version is made again.

    Args:
        scratch: Folder for all that is written: the checkout, its environment, data and packages.
        environment: ``fresh`` for the requirements that the commit pins, ``current`` for those that run now.
        seconds: How long one step may take.
        report: Takes lines of progress.
    """

    scratch: Path
    environment: Environment
    seconds: float
    report: Progress

    @property
    def checkout(self) -> Path:
        """The project at the commit."""
        return self.scratch / "project"

    def install(self) -> None:
        """Make the environment that the commit pins, as the commit itself does it.

        Raises:
            ReproductionError: Its requirements cannot be had.
        """
        if self.environment == "fresh":
            self._run("installing the pinned requirements", "make", "--no-print-directory", "setup")

    def build_data(self, recipe: Recipe, *, lake: str, master: str) -> dict[str, Any]:
        """Build the training data, and give its manifest.

        Raises:
            ReproductionError: The lake cannot be read, or has lost the snapshot.
        """
        self._toolkit("building the training data", "data", "build", *self._data(recipe, lake, master))
        (manifest,) = (self.scratch / "training-data").rglob("manifest.json")
        found: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        return found

    def train(self, recipe: Recipe, *, lake: str, master: str) -> ModelPackage:
        """Compare the candidates and package the best, without registering it.

        Raises:
            ReproductionError: The training failed.
        """
        package = self.scratch / "package"
        self._toolkit(
            *("training", "train", *self._data(recipe, lake, master)),
            *("--no-register", "--package", str(package)),
            *(("--search",) if recipe.searched else ()),
        )
        return open_package(package)

    def _data(self, recipe: Recipe, lake: str, master: str) -> tuple[str, ...]:
        kept = str(self.scratch / "training-data")
        return (
            *("--model", recipe.folder, "--lake", lake, "--snapshot", recipe.snapshot.isoformat()),
            *("--training-data", kept, "--master", master),
        )

    def _toolkit(self, name: str, *arguments: str) -> None:
        fresh = self.checkout / ".venv" / "bin" / "python"
        python = str(fresh) if self.environment == "fresh" else sys.executable
        self._run(name, python, "-m", "days_to_sell.cli", *arguments)

    def _run(self, name: str, *arguments: str) -> None:
        run_step(
            name,
            arguments,
            folder=self.checkout,
            environment=clean_environment(os.environ, self.checkout, self.scratch),
            seconds=self.seconds,
            report=self.report,
        )


def clean_environment(variables: Mapping[str, str], checkout: Path, scratch: Path) -> dict[str, str]:
    """Keep what leads to the network and to S3, and lead code and tracking to the scratch folder."""
    kept = {name: value for name, value in variables.items() if not name.startswith(LEFT_OUT)}
    return kept | {
        "PYTHONPATH": str(checkout / "src"),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "MLFLOW_TRACKING_URI": f"sqlite:///{scratch / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }
