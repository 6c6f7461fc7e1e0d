"""Bad data stops the main job before any fit, and says why where people look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.artifacts import load_text
from mlflow.entities import Run

from tests.lakes import small_lake

ROOT = Path(__file__).parents[2]
TRAIN_SECONDS = 500


@dataclass(frozen=True)
class Stopped:
    """A training run that bad data stopped.

    Args:
        process: How the command ended.
        home: Folder it worked in.
        client: A client of its store.
        runs: Every run of the store.
    """

    process: subprocess.CompletedProcess[str]
    home: Path
    client: MlflowClient
    runs: list[Run]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    """The project's training step on a lake with a price of nothing and a valuation below it."""
    home = tmp_path_factory.mktemp("bad-data")
    lake = small_lake()
    lake["adverts"].spoil(2, price_gbp=0.0)
    lake["valuations"].spoil(1, retail_gbp=-1.0)
    store = f"sqlite:///{home / 'mlflow.db'}"
    process = subprocess.run(
        [
            *(sys.executable, "-m", "mlflow_project.train", "--model", "days_to_sell"),
            *("--lake", lake.write(home / "lake"), "--training-data", str(home / "sets")),
            *("--master", "local[2]", "--summary", str(home / "summary.json")),
        ],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": store},
        capture_output=True,
        text=True,
        timeout=TRAIN_SECONDS,
        check=False,
    )
    client = MlflowClient(store)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return Stopped(process, home, client, list(client.search_runs(experiments)))


@pytest.mark.timeout(TRAIN_SECONDS + 50)
def test_the_command_ends_with_the_failures_and_no_stack_trace(stopped: Stopped) -> None:
    """Exit code 1; each failed check with its count and an id, and what to do, on standard error."""
    assert stopped.process.returncode == 1, stopped.process.stderr
    said = stopped.process.stderr
    assert "error: the integrity report is red, 2 of" in said
    assert "adverts: price_gbp is above zero: 1 of 6 failed, such as a3" in said
    assert "valuations: retail_gbp is above zero: 1 of 2 failed, such as d2" in said
    assert "nothing was trained or registered" in said
    assert "Traceback" not in said


def test_the_report_is_logged_to_the_run(stopped: Stopped) -> None:
    """One run, failed and tagged red, with the report as a table and a page for people and as JSON."""
    (run,) = stopped.runs
    assert (run.info.status, run.data.tags["integrity"]) == ("FAILED", "red")
    table = load_text(f"{run.info.artifact_uri}/integrity/report.txt")
    failed = [line.split() for line in table.splitlines() if line.startswith("FAILED")]
    assert [(line[1], line[-1]) for line in failed] == [("adverts", "a3"), ("valuations", "10-20k")]
    page = load_text(f"{run.info.artifact_uri}/integrity/report.html")
    assert "<h2>Failed</h2>" in page
    assert "<code>a3</code>" in page
    raw = json.loads(load_text(f"{run.info.artifact_uri}/integrity/report.json"))
    assert raw["green"] is False
    assert sum(result["failed"] for result in raw["results"]) == 2


def test_nothing_was_fitted_or_registered(stopped: Stopped) -> None:
    """No candidate's run, no metric, no logged model, no registered model, no training set, no summary."""
    (run,) = stopped.runs
    assert run.data.metrics == {}
    assert stopped.client.search_logged_models([run.info.experiment_id]) == []
    assert stopped.client.search_registered_models() == []
    assert not (stopped.home / "sets").exists()
    assert not (stopped.home / "summary.json").exists()
