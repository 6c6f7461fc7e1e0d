"""A folder to run notebooks in: an example lake, training data, and an MLflow store that is new."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from days_to_sell.cli.programs import job_environment


@dataclass(frozen=True)
class Workshop:
    """Where notebooks and projects run apart from everything else.

    Args:
        home: Folder of all that they write.
    """

    home: Path

    @property
    def store(self) -> str:
        """Tracking URI of its MLflow store."""
        return f"sqlite:///{self.home.resolve() / 'mlflow' / 'mlflow.db'}"

    def clear(self, experiment: str) -> None:
        """Make the store new, with one empty experiment; what ran here before is removed."""
        shutil.rmtree(self.home / "mlflow", ignore_errors=True)
        # MLflow tells of every table that it creates.
        logging.getLogger("mlflow.store.db").setLevel(logging.WARNING)
        artifacts = self.home.resolve() / "mlflow" / "artifacts"
        artifacts.mkdir(parents=True)
        MlflowClient(self.store).create_experiment(experiment, artifact_location=artifacts.as_uri())

    def environment(self, lake: str, training_data: Path, extra: Mapping[str, str]) -> dict[str, str]:
        """Give what a notebook needs to know, beside this process's environment.

        Args:
            lake: Root of the lake.
            training_data: Folder of training sets.
            extra: What else it gets.
        """
        return job_environment(
            {
                "LAKE": lake,
                "TRAINING_DATA": str(training_data.resolve()),
                "MLFLOW_TRACKING_URI": self.store,
                **extra,
            }
        )
