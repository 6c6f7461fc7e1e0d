"""A training in steps, each in a process of its own: what is done already, and what it left to the next.

MLflow is the memory. A step is a run; with its last write the run is marked as done, so one that was killed
never is. Steps belong together by a key made of all that decides what comes out: the training data, the code
and the choices. The same key again finds the work done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pyspark
from mlflow import MlflowClient
from mlflow.entities import Run

import days_to_sell
from days_to_sell.data.code import code_digest
from days_to_sell.errors import RegistryError
from days_to_sell.models import Model
from days_to_sell.registry.versions import translated
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import read_coordinates

STEP, KEY, DONE, FOLDER, LAKE, SNAPSHOT = (
    f"flow.{name}" for name in ("step", "key", "done", "model", "lake", "snapshot")
)
LEFT = "flow/left.json"
# Rooms of the toolkit that decide what is trained; serving it and telling of it do not.
ROOMS = ("spec", "data", "training", "scoring")
NEWEST = "newest"


@dataclass(frozen=True)
class Done:
    """A step that was done.

    Args:
        run_id: Its run.
        key: What it belongs to; empty where the data was refused.
        left: What it left to the next, of JSON's types.
    """

    run_id: str
    key: str
    left: Mapping[str, Any]


@dataclass(frozen=True)
class Flow:
    """The steps of one model on one snapshot of one lake, in the experiment of the active run.

    Args:
        folder: Model folder.
        lake: Root of the lake, as the commands name it.
        snapshot: Day of the snapshot, ISO, or ``newest`` for that of the newest training data.
    """

    folder: str
    lake: str
    snapshot: str = NEWEST

    def found(self, step: str, key: str | None = None) -> Done | None:
        """Find the newest run that did a step, of this key where one is given.

        Raises:
            RegistryError: The tracking server does not answer.
        """
        wanted = {STEP: step, DONE: "yes", FOLDER: self.folder, LAKE: place(self.lake)}
        if self.snapshot != NEWEST:
            wanted[SNAPSHOT] = self.snapshot
        if key is not None:
            wanted[KEY] = key
        asked = " AND ".join(f"tags.`{name}` = '{value}'" for name, value in wanted.items())
        with translated(f"what was done of step {step!r}"):
            here = mlflow.active_run().info.experiment_id
            newest = MlflowClient().search_runs([here], asked, max_results=1, order_by=["start_time DESC"])
            return _read(newest[0]) if newest else None

    def needed(self, step: str, key: str | None = None) -> Done:
        """Find the newest run that did a step, on which the next one stands.

        Raises:
            RegistryError: There is none.
        """
        done = self.found(step, key)
        if done is None:
            raise RegistryError(
                f"step {step!r} of model {self.folder!r} was not done for snapshot {self.snapshot} of "
                f"{self.lake} with this code; run it first: mlflow run . -e {step}"
            )
        return done

    def begin(self, step: str, key: str = "") -> None:
        """Say in the active run which step it is."""
        mlflow.set_tags({STEP: step, KEY: key, FOLDER: self.folder, LAKE: place(self.lake)})

    def finish(self, snapshot: str, key: str, left: Mapping[str, Any]) -> None:
        """Keep in the active run what it leaves, then mark it as done."""
        mlflow.log_dict(dict(left), LEFT)
        mlflow.set_tags({SNAPSHOT: snapshot, KEY: key})
        mlflow.set_tag(DONE, "yes")


def key_of(model: Model, training_data: str) -> str:
    """Give the key of all that is made from a training set with the code as it is.

    Args:
        model: The model.
        training_data: Path of the training set; its last part names what it was built from.
    """
    home = Path(days_to_sell.__file__).parent
    rooms = sorted(file for room in ROOMS for file in (home / room).rglob("*.py"))
    exporter = read_coordinates(Settings.from_env().mleap_exporter).version
    parts = (Path(training_data).name, code_digest((*model.code, *rooms)), pyspark.__version__, exporter)
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def place(lake: str) -> str:
    """Name a lake for a reader who stands anywhere."""
    return lake.rstrip("/") if "://" in lake else str(Path(lake).resolve())


def _read(run: Run) -> Done:
    left = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/{LEFT}")
    return Done(run.info.run_id, run.data.tags[KEY], left)
