"""``mlflow run --backend databricks``: MLflow's own client against a workspace on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import mlflow
import pytest

from tests.databricks_workspace import DatabricksWorkspace, serving

pytestmark = pytest.mark.parts

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "mlflow_project" / "databricks" / "cluster.json"
PARTS = ("MLproject", "conda.yaml", "pyproject.toml", "requirements", "mlflow_project", "src")


def test_a_run_brings_the_project_and_the_exporter(tmp_path: Path) -> None:
    """The spec is taken whole, the API takes all that is sent, and the run is tagged."""
    project = tmp_path / "project"
    for part in PARTS:
        source, target = ROOT / part, project / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
    with serving(DatabricksWorkspace()) as there:
        environment = {
            **os.environ,
            "DATABRICKS_HOST": there.url,
            "DATABRICKS_TOKEN": there.token,
            "MLFLOW_TRACKING_URI": "databricks",
            "HOME": str(tmp_path),
        }
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "mlflow", "run", ".", "--backend", "databricks"),
                *("--backend-config", "mlflow_project/databricks/cluster.json", "--env-manager", "uv"),
                *("--experiment-name", "/Shared/retraining", "-P", "lake=/Volumes/main/cars/lake"),
            ],
            cwd=project, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert there.refused == []
    (run,) = there.runs.values()
    spec = json.loads(SPEC.read_text(encoding="utf-8"))
    assert run["new_cluster"] == spec["new_cluster"]
    assert run["libraries"] == [*spec["libraries"], {"pypi": {"package": f"mlflow=={mlflow.__version__}"}}]
    command = run["shell_command_task"]["command"][-1]
    assert "--entry-point main --env-manager uv" in command
    assert "-P lake=/Volumes/main/cars/lake" in command
    assert there.tags["mlflow.project.backend"] == "databricks"
    ((path, content),) = there.uploads.items()
    assert f"/dbfs{path}" in command
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        names = set(archive.getnames())
    assert {f"mlflow-project/{part}" for part in PARTS} <= names
    assert "mlflow-project/requirements/toolkit.txt" in names
