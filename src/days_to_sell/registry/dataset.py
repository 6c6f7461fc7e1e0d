"""The training set as MLflow shows it: a dataset with its source, schema and profile, linked to the model."""

from __future__ import annotations

from typing import Any

import mlflow
from mlflow.data.spark_dataset import SparkDataset
from mlflow.data.spark_dataset_source import SparkDatasetSource

from days_to_sell.data.training_set import TrainingSet

DIGEST_LENGTH = 36
"""MLflow takes no longer digest of a dataset."""


class TrainingDataset(SparkDataset):
    """A training set, with the figures of its manifest as profile; MLflow would count once more, roughly.

    Args:
        training_set: The training set; its source is where its rows can be read again.
    """

    def __init__(self, training_set: TrainingSet) -> None:
        self._manifest = training_set.manifest
        super().__init__(
            df=training_set.frame,
            source=SparkDatasetSource(path=training_set.rows),
            name=self._manifest.model,
            digest=self._manifest.digest[:DIGEST_LENGTH],
        )

    @property
    def profile(self) -> dict[str, Any]:
        """Rows, the share that is censored, and what they were made of."""
        made = self._manifest
        return {
            "num_rows": made.rows,
            "censored_share": made.censored,
            "snapshot": made.snapshot,
            "source_rows": dict(made.input_rows),
        }


def link_to_model(training_set: TrainingSet, model_id: str) -> None:
    """Show the training set on the active run and on a logged model of it.

    MLflow ties a dataset to a model by a metric that names both, so the number of rows is logged so.
    """
    dataset = TrainingDataset(training_set)
    mlflow.log_input(dataset, context="training")
    mlflow.log_metrics({"training_rows": training_set.manifest.rows}, model_id=model_id, dataset=dataset)
