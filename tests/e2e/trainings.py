"""Training runs as a person starts them: a process of its own, with a lake, a store and a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pyarrow.parquet as pq

from days_to_sell.scoring.signing_keys import make_key

PROJECT = Path(__file__).parents[2]
SECONDS = 560


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Args:
        store: Tracking URI.
        summary: What the command wrote about it.
        output: What the command printed.
        trusted: The public half of the key that signed the package.
    """

    store: str
    summary: dict[str, Any]
    output: str
    trusted: str


def run_training(
    home: Path,
    lake: Path | str,
    *command: str,
    training_data: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Trained:
    """Train days_to_sell on a lake, with all that is written below ``home``, or training data elsewhere.

    Args:
        home: Folder that is not there yet.
        lake: The lake.
        command: What starts the step, with options of its own.
        training_data: Where training sets go, if not below ``home``.
        environ: The environment.
    """
    home.mkdir(parents=True)
    store = f"sqlite:///{home / 'mlflow.db'}"
    trusted, _ = make_key(home / "signing.pem")
    variables = {"MLFLOW_TRACKING_URI": store, "DAYS_TO_SELL_SIGNING_KEY": str(home / "signing.pem")}
    finished = subprocess.run(
        [
            *(*command, "--lake", str(lake), "--summary", str(home / "summary.json")),
            *("--training-data", training_data or str(home / "training-data")),
        ],
        cwd=home,
        env={**environ, **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, f"{finished.stdout}\n{finished.stderr}"[-4_000:]
    summary = json.loads((home / "summary.json").read_text(encoding="utf-8"))
    return Trained(store, summary, finished.stdout, str(trusted))


def run_locally(home: Path, lake: Path) -> Trained:
    """Train on two cores of this machine, as the project's entry point does."""
    path = {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'src'}"}
    command = (sys.executable, "-m", "mlflow_project.train", "--master", "local[2]")
    return run_training(home, lake, *command, environ={**os.environ, **path})


def in_other_files(lake: Path, target: Path) -> Path:
    """Copy a lake, with the rows of each source turned around and cut into three files."""
    for file in lake.rglob("*.parquet"):
        rows = pq.read_table(file)
        turned = rows.take(list(range(rows.num_rows))[::-1])
        folder = target / file.relative_to(lake).parent
        folder.mkdir(parents=True, exist_ok=True)
        step = -(-turned.num_rows // 3)
        for number in range(3):
            part = turned.slice(number * step, step)
            if part.num_rows:
                pq.write_table(part, folder / f"{file.stem}-{number}.parquet")
    return target


def download(trained: Trained, uri: str, folder: Path) -> Path:
    """Download artifacts of a training; MLflow resolves ``models:/`` at the store of the process alone."""
    with store_of(trained):
        return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(folder)))


@contextmanager
def store_of(trained: Trained) -> Iterator[None]:
    """Let MLflow's functions ask the store of a training."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(trained.store)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)
