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
    *,
    master: str,
    training_data: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Trained:
    """Train days_to_sell on a lake, with all that is written below ``home``, or training data elsewhere."""
    home.mkdir(parents=True)
    store = f"sqlite:///{home / 'mlflow.db'}"
    trusted, _ = make_key(home / "signing.pem")
    variables = {"MLFLOW_TRACKING_URI": store, "DAYS_TO_SELL_SIGNING_KEY": str(home / "signing.pem")}
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "mlflow_project.train", "--lake", str(lake), "--master", master),
            *("--training-data", training_data or str(home / "training-data")),
            *("--summary", str(home / "summary.json")),
        ],
        cwd=home,
        env={**environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'src'}", **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, f"{finished.stdout}\n{finished.stderr}"[-4_000:]
    summary = json.loads((home / "summary.json").read_text(encoding="utf-8"))
    return Trained(store, summary, finished.stdout, str(trusted))


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
