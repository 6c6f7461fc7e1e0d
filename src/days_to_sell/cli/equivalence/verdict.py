"""The verdict: training data, predictions and golden answers of both sides, compared."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.data.training_set import TrainingSet, open_training_set
from days_to_sell.errors import DataError, NotebookError
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.scoring.agreement import TOLERANCE
from days_to_sell.scoring.golden import Proof, compare
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.spec import PREDICTION, ROW_ID, ModelSpec
from days_to_sell.training.equivalence import SHOWN, Comparison, compare_frames
from days_to_sell.training.preparing.derive import derive
from days_to_sell.training.spark.session import start_session

# Tags with which the notebook says that a run is its own, and which of its models is the best.
NOTEBOOK_TAG, MODEL_TAG = "notebook", "logged_model"


@dataclass(frozen=True)
class Side:
    """What one side made.

    Args:
        run: The run that says so.
        data: The training data that it was fitted on.
        model: MLflow's address of its best model.
        package: The model package of it.
    """

    run: Run
    data: TrainingSet
    model: str
    package: ModelPackage


@dataclass(frozen=True)
class Verdict:
    """What the comparison of both sides found.

    Args:
        frames: Training data, then predictions.
        golden: The project's golden rows, answered by the notebook's model; none where its training data
            were others, for which there was no model.
    """

    frames: tuple[Comparison, ...]
    golden: Proof | None

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return all(frame.equal for frame in self.frames) and self.golden is not None and self.golden.passed

    def to_text(self) -> str:
        """Write it for a terminal; the last line is the verdict."""
        lines = [frame.to_text() for frame in self.frames]
        if self.golden is None:
            lines.append("predictions, golden answers: not asked for")
            return "\n".join([*lines, self._last_line()])
        state = "the same" if self.golden.passed else f"DIFFERENT in {len(self.golden.differences)} rows"
        largest = f"largest relative difference {self.golden.max_rel_error:.2g}"
        lines.append(f"golden answers: {state}\n  {self.golden.rows} rows, {largest}")
        lines += [f"    {difference}" for difference in self.golden.differences[:SHOWN]]
        return "\n".join([*lines, self._last_line()])

    def _last_line(self) -> str:
        if self.equal and self.golden:
            rows = self.frames[0].rows[0]
            return (
                f"equivalent: notebook and project have the same {rows:,} training rows, and their models "
                f"answer these and {self.golden.rows} golden rows alike within {TOLERANCE:g}"
            )
        parts = [
            f"{frame.what} ({', '.join(f'{each.column} in {each.rows:,} rows' for each in frame.columns)})"
            for frame in self.frames
            if not frame.equal
        ]
        if self.golden and not self.golden.passed:
            parts.append(f"golden answers ({len(self.golden.differences)} rows)")
        return f"DIFFERENT: {'; '.join(parts)}"


def compare_data(notebook: Path, project: Path) -> Verdict:
    """Compare the training data of both sides alone: where these differ, the models do.

    Args:
        notebook, project: The folders of the training sets.

    Raises:
        DataError: A folder holds no training data.
    """
    spark = start_session("equivalence")
    frames = [_open(spark, str(folder)).frame for folder in (notebook, project)]
    return Verdict((compare_frames("training data", *frames),), None)


def compare_sides(spec: ModelSpec, store: str, summary: Path, notebook: str) -> Verdict:
    """Compare what the notebook and the project left in one MLflow store.

    Args:
        spec: The model.
        store: Tracking URI.
        summary: What the project's run wrote about itself.
        notebook: Name of the notebook, as its run is tagged.

    Raises:
        NotebookError: The notebook left no finished run that says which model is its best.
        DataError: The training data of a run is not where the run says.
    """
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)
    mlflow.set_tracking_uri(store)
    spark = start_session("equivalence")
    client = MlflowClient(store)
    trained = json.loads(summary.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        ours = _notebook_run(client, spec, notebook)
        theirs = client.get_run(trained["run_id"])
        model = f"models:/{ours.data.tags[MODEL_TAG]}"
        version = f"models:/{trained['model']}/{trained['version']}"
        sides = (
            _side(spark, ours, model, Path(scratch) / "notebook"),
            _side(spark, theirs, version, Path(scratch) / "project"),
        )
        return Verdict(
            (
                compare_frames("training data", *(side.data.frame for side in sides)),
                compare_frames("predictions", *(_predict(spec, side) for side in sides), exact=False),
            ),
            _ask_golden(*sides),
        )


def _notebook_run(client: MlflowClient, spec: ModelSpec, notebook: str) -> Run:
    experiment = client.get_experiment_by_name(spec.name)
    wanted = f"tags.{NOTEBOOK_TAG} = '{notebook}' AND attributes.status = 'FINISHED'"
    order = ["attributes.start_time DESC"]
    found = client.search_runs([experiment.experiment_id], wanted, order_by=order) if experiment else []
    # Of the notebook's runs, the parent alone names its best model.
    best = [run for run in found if MODEL_TAG in run.data.tags]
    if not best:
        raise NotebookError(
            f"{notebook} left no finished run with the tags {NOTEBOOK_TAG!r} and {MODEL_TAG!r}; "
            "its first and its last cell set them"
        )
    return best[0]


def _side(spark: SparkSession, run: Run, model: str, scratch: Path) -> Side:
    used = run.inputs.dataset_inputs[0].dataset
    # The dataset is where the rows can be read; their manifest stands beside them.
    path = json.loads(used.source)["path"].removesuffix("/rows")
    data = _open(spark, path)
    scratch.mkdir()
    fetched = ModelsArtifactRepository(model).download_artifacts(MODEL_DATA_SUBPATH, str(scratch))
    return Side(run, data, model, open_package(Path(fetched)))


def _open(spark: SparkSession, path: str) -> TrainingSet:
    data = open_training_set(spark, path)
    if data is None:
        raise DataError(f"the training data {path} is not there; run both sides again")
    return data


def _predict(spec: ModelSpec, side: Side) -> DataFrame:
    """Answer every row of the side's training data by its own model, in Spark."""
    derived = derive(side.data.frame, spec, side.data.tables)
    return mlflow.spark.load_model(side.model).transform(derived).select(ROW_ID, PREDICTION)


def _ask_golden(notebook: Side, project: Side) -> Proof:
    """Ask the notebook's model package the golden rows of the project's."""
    golden = project.package.golden
    answers = Predictor(notebook.package).predict([row.input for row in golden])
    return compare(golden, [answer if isinstance(answer, float) else str(answer) for answer in answers])
