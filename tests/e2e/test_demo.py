"""The main job as a newcomer runs it, on a real engine and a real MLflow server, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from stack.ports import free_port
from tests.packages import rewrite, rewrite_bundle

pytestmark = [pytest.mark.parts, pytest.mark.timeout(900)]
MODEL = "days-to-sell"
ADVERTS = 4_000
SECONDS = 600


@dataclass(frozen=True)
class Run:
    """A demo that has run in a folder of its own.

    Args:
        folder: Where ``build/demo`` is.
        ports: Ports of production, pre-production and MLflow.
        summary: What it wrote of itself.
        printed: What it printed.
    """

    folder: Path
    ports: tuple[int, int, int]
    summary: dict[str, Any]
    printed: str

    @property
    def client(self) -> MlflowClient:
        """A client of the demo's MLflow server."""
        return MlflowClient(self.summary["mlflow_url"])

    @property
    def database(self) -> str:
        """Address of the MLflow server's database, where the event log is too."""
        return f"sqlite:///{self.folder / 'build/demo/mlflow/mlflow.db'}"

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in the demo's folder, against its MLflow server and log."""
        server = f"http://127.0.0.1:{self.ports[2]}"
        variables = {"MLFLOW_TRACKING_URI": server, "DAYS_TO_SELL_EVENT_LOG": self.database}
        return command(self.folder, *arguments, **variables)

    def release(self) -> subprocess.CompletedProcess[str]:
        """Reconcile once more, with the demo's own workspace."""
        production, preprod, _ = self.ports
        return self.command(
            *("release", MODEL, "--target", "docker", "--workspace", "build/demo/release"),
            *("--port", str(production), "--preprod-port", str(preprod)),
        )

    def serving(self) -> dict[str, str]:
        """Ask production who it is."""
        answer: dict[str, str] = requests.get(f"{self.summary['service_url']}/version", timeout=10).json()
        return answer


def command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``days-to-sell`` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "days_to_sell.cli", *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


@pytest.fixture(scope="module")
def run(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One demo on few adverts, stopped when all tests are done."""
    folder = tmp_path_factory.mktemp("demo")
    production, preprod, tracking = free_port(), free_port(), free_port()
    try:
        done = command(
            folder,
            *("demo", "--adverts", str(ADVERTS), "--target", "docker", "--port", str(production)),
            *("--preprod-port", str(preprod), "--mlflow-port", str(tracking)),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        summary = json.loads((folder / "build/demo/summary.json").read_text(encoding="utf-8"))
        yield Run(folder, (production, preprod, tracking), summary, done.stdout)
    finally:
        stopped = command(folder, "demo", "--stop")
    assert f"{MODEL} version 1 (production)" in stopped.stdout
    with pytest.raises(requests.ConnectionError):
        requests.get(summary["service_url"], timeout=5)


def test_the_summary_tells_what_was_trained_released_and_proven(run: Run) -> None:
    """Four candidates beat the baseline, one version with three flavours serves, every golden row holds."""
    summary = run.summary
    assert (summary["model"], summary["version"], summary["target"]) == (MODEL, "1", "docker")
    assert summary["flavors"] == ["mleap", "python_function", "spark"]
    assert len(summary["candidates"]) == 4
    assert summary["candidates"][0]["c_index"] > summary["baseline"]["c_index"] == 0.5
    assert summary["golden"]["rows"] > 60
    assert summary["golden"]["max_rel_error"] <= 1e-9
    assert set(summary["seconds"]) == {"setup", "data", "train", "release", "total"}


def test_the_table_of_answers_rises_with_the_price(run: Run) -> None:
    """Each car that was asked about is expected to take longer the dearer it is."""
    lines = run.printed.split("expected days, by price_gbp")[1].splitlines()[1:5]
    for line in lines:
        days = [float(number) for number in line.split()[-5:]]
        assert days == sorted(days), line


def test_the_version_in_production_is_marked_released(run: Run) -> None:
    """Stage, alias and tags of the version say so in the MLflow UI."""
    version = run.client.get_model_version_by_alias(MODEL, "production")
    assert (str(version.version), version.current_stage) == ("1", "Production")
    assert version.tags["release.status"] == "released"
    assert version.tags["release.image"] == run.summary["image"]
    assert run.serving()["digest"] == version.tags["package.digest"]


def test_a_second_reconcile_does_nothing(run: Run) -> None:
    """What is released and serves is left alone."""
    again = run.release()
    assert again.returncode == 0, again.stderr
    assert "nothing to do" in again.stdout


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda root: rewrite(root, "golden.jsonl", _nudge_prediction), id="golden-prediction"),
        pytest.param(lambda root: rewrite_bundle(root, _nudge_number, _regression(root)), id="bundle-number"),
        pytest.param(lambda root: _append(root / "bundle.zip"), id="file-not-in-manifest"),
    ],
)
def test_a_damaged_package_is_refused_and_the_old_version_serves_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    """One number is enough: the registry does not let it in, and who goes past that sees no release."""
    client = run.client
    monkeypatch.setenv("MLFLOW_TRACKING_URI", run.summary["mlflow_url"])
    served = run.serving()
    (root,) = (run.folder / "build/demo/mlflow/artifacts").glob("*/models/*/artifacts/mleap")
    kept = {file.name: file.read_bytes() for file in root.iterdir()}
    second = mlflow.register_model(client.get_model_version(MODEL, "1").source, MODEL)
    try:
        damage(root)
        with pytest.raises(MlflowException, match=f"version {second.version} of .* may not go to Production"):
            client.set_registered_model_alias(MODEL, "production", second.version)
        # Whoever opens the database by its plain address passes no gate.
        MlflowClient(registry_uri=run.database).set_registered_model_alias(
            MODEL, "production", second.version
        )
        refused = run.release()
    finally:
        for name, content in kept.items():
            (root / name).write_bytes(content)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    tags = client.get_model_version(MODEL, second.version).tags
    assert tags["release.status"] == "refused"
    assert tags["release.reason"]
    assert run.serving() == served
    run.command("promote", MODEL, "1")
    assert "nothing to do" in run.release().stdout


def _nudge_prediction(text: str) -> str:
    first, rest = text.split("\n", 1)
    row = json.loads(first)
    return json.dumps({**row, "days": row["days"] + 1e-6}) + "\n" + rest


def _nudge_number(text: str) -> str:
    model = json.loads(text)
    model["attributes"]["intercept"]["double"] += 1e-6
    return json.dumps(model)


def _regression(root: Path) -> str:
    """Name the calibration's file in the bundle."""
    with zipfile.ZipFile(root / "bundle.zip") as bundle:
        for name in bundle.namelist():
            if name.endswith("model.json") and json.loads(bundle.read(name)).get("op") == "linear_regression":
                return name
    raise AssertionError("the bundle holds no linear regression")


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")
