"""A project with one small model, a real Airflow that runs its DAG, and whoever hears alerts."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from mlflow_project.dags.leftovers import MARK, end_leftovers
from stack.airflow import Airflow, find_airflow, running

ROOT = Path(__file__).parents[2]
DAG, FOLDER, SOURCE, ADVERTS = "days-to-let", "flats", "flats", 3_000
SECONDS, POLL_SECONDS = 1200.0, 0.5
WRITES_A_LAKE = """
import sys
from datetime import date
from pathlib import Path
from days_to_sell.models.flats import example
example.SNAPSHOT = date.fromisoformat(sys.argv[2])
example.write_example_lake(Path(sys.argv[1]), adverts=int(sys.argv[3]))
"""


@dataclass
class World:
    """All that a run of the DAG touches.

    Args:
        home: Folder of everything.
        project: The copy of the project that has the model of the recipe in CONTRIBUTING.
        airflow: The real Airflow.
        alerts: What was posted.
    """

    home: Path
    project: Path
    airflow: Airflow
    alerts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def client(self) -> MlflowClient:
        """A client of the store that the steps log to."""
        return MlflowClient(store_of(self.home))

    def heard(self, what: str, run: str) -> list[dict[str, Any]]:
        """Give the alerts of a kind that came of a run."""
        return [each for each in self.alerts if (each["alert"], each["run"]) == (what, run)]

    def write_lake(self, day: date, *, spoilt: bool = False) -> None:
        """Write the snapshot of a day; a spoilt one lets a flat for nothing, and is marked as whole."""
        subprocess.run(
            [sys.executable, "-c", WRITES_A_LAKE, str(self.home / "draft"), str(day), str(ADVERTS)],
            env=os.environ | {"PYTHONPATH": str(self.project / "src")},
            check=True,
        )
        made = self.home / "draft" / SOURCE / f"snapshot_date={day}"
        if spoilt:
            file = made / "part-0.csv"
            header, first, rest = file.read_text(encoding="utf-8").split("\n", 2)
            free = first.rpartition(",")[0] + ",0"
            file.write_text("\n".join((header, free, rest)), encoding="utf-8")
            (made / "_SUCCESS").touch()
        target = self.home / "lake" / SOURCE
        target.mkdir(parents=True, exist_ok=True)
        made.rename(target / made.name)

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"{what} did not happen; {self.airflow.home}"
            time.sleep(POLL_SECONDS)

    def ended(self, run: str) -> tuple[str, dict[str, str]]:
        """Wait until a run ended, and give its state and those of its tasks."""
        self.until(f"the end of {run}", lambda: self.airflow.run_state(DAG, run) in ("success", "failed"))
        return self.airflow.run_state(DAG, run), self.airflow.states(DAG, run)

    def kill_task(self, run: str, task: str) -> None:
        """Kill with -9 Airflow's own process of a task; what the task started is not told."""
        mark = f"{MARK}={DAG}/{run}/{task}".encode()
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    if mark not in Path(f"/proc/{parent}/environ").read_bytes().split(b"\0"):
                        os.kill(parent, signal.SIGKILL)
                        return
            except OSError:
                continue
        pytest.fail(f"no process of {task} of {run} was found to kill")

    def steps(self, step: str, day: str) -> list[Mapping[str, str]]:
        """Give the tags of every run of a step for a day, the oldest first, whatever became of it."""
        (experiment,) = (each for each in self.client.search_experiments() if each.name == DAG)
        runs = self.client.search_runs([experiment.experiment_id], order_by=["start_time ASC"])
        named = (run for run in runs if run.info.run_name == f"{step} {day}")
        return [run.data.tags for run in named if run.data.tags.get("flow.step") == step]


def store_of(home: Path) -> str:
    """Give the address of the MLflow store."""
    return f"sqlite:///{home / 'mlflow.db'}"


def copy_project(home: Path) -> Path:
    """Copy what a project needs to be run, and add the model of CONTRIBUTING to it."""
    project = home / "project"
    for room in ("src/days_to_sell", "mlflow_project"):
        shutil.copytree(ROOT / room, project / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("MLproject", "conda.yaml"):
        shutil.copy(ROOT / name, project / name)
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path, content in re.findall(r"^```python (src/\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text(content, encoding="utf-8")
    return project


def make_programs(home: Path, project: Path) -> Path:
    """Make the toolkit's programs for the copy; what a deployment would commit is written to a file."""
    programs = home / "bin"
    programs.mkdir()
    python = f'exec "{sys.executable}"'
    deployed = f'[ "$1" = deployment ] && echo "$@" >> "{home}/deployed" && exit 0\n'
    toolkit = f'PYTHONPATH="{project}/src" {python} -m days_to_sell.cli "$@"\n'
    for name, body in {
        "python": f'{python} "$@"\n',
        "mlflow": f'{python} -m mlflow "$@"\n',
        "days-to-sell": deployed + toolkit,
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
        (programs / name).chmod(0o755)
    return programs


@contextmanager
def make_world(home: Path) -> Iterator[World]:
    """Start Airflow on a copy of the project, with its DAG switched on."""
    installed = find_airflow()
    if installed is None:
        pytest.skip("needs Airflow in an environment of its own: make airflow")
    project = copy_project(home)
    with _listening() as (url, heard):
        variables = {
            "MLFLOW_TRACKING_URI": store_of(home),
            "DAYS_TO_SELL_ALERT_URL": url,
            "DAYS_TO_SELL_DAGS_LAKE": str(home / "lake"),
            "DAYS_TO_SELL_DAGS_TRAINING_DATA": str(home / "sets"),
            "DAYS_TO_SELL_DAGS_TOOLKIT": str(make_programs(home, project)),
            "DAYS_TO_SELL_DAGS_MASTER": "local[2]",
            "DAYS_TO_SELL_DAGS_SCHEDULE": "",
            "DAYS_TO_SELL_DAGS_POKE_SECONDS": "1",
            "DAYS_TO_SELL_DAGS_RETRY_SECONDS": "1",
            "DAYS_TO_SELL_DAGS_DEADLINE_SECONDS": "5",
        }
        client = MlflowClient(store_of(home))
        client.create_experiment(DAG, artifact_location=(home / "artifacts").as_uri())
        world = World(home, project, Airflow(home / "airflow", installed, project, variables), heard)
        with running(world.airflow):
            world.airflow.unpause(DAG)
            try:
                yield world
            finally:
                for run in ("may", "june"):
                    for task in ("data", "check", "fit", "convert", "register", "promote"):
                        end_leftovers(f"{DAG}/{run}/{task}")


@contextmanager
def _listening() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *told: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts", heard
    finally:
        server.shutdown()
        server.server_close()
