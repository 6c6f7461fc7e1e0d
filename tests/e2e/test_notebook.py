"""The notebook runs from top to bottom, and what it tries is logged."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import nbformat
import pytest
from mlflow import MlflowClient
from nbclient import NotebookClient
from nbformat import NotebookNode

from days_to_sell.models import find_model

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
EXPLORE = NOTEBOOKS / "1-explore.ipynb"
ADVERTS = 3_000
CELL_SECONDS = 240


def _read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def _code(book: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


@pytest.mark.timeout(600)
def test_exploring_logs_two_trials_below_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small lake, the notebook leaves one run with two nested ones that hold metrics and pictures."""
    model = find_model("days_to_sell")
    model.write_example_lake(tmp_path / "lake", data=None, adverts=ADVERTS, seed=20)
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    artifacts = (tmp_path / "artifacts").as_uri()
    client = MlflowClient(store)
    experiment = client.create_experiment(model.spec.name, artifact_location=artifacts)
    monkeypatch.setenv("LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("TRAINING_DATA", str(tmp_path / "training-data"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    book = _read(EXPLORE)

    NotebookClient(
        book,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    ).execute(env=dict(os.environ))

    runs = client.search_runs([experiment])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    trials = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert [run.info.run_name for run in parents] == ["explore"]
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {parents[0].info.run_id}
    assert {run.data.params["estimator"] for run in trials} == {
        "AFTSurvivalRegression",
        "GeneralizedLinearRegression",
    }
    for run in trials:
        assert run.info.status == "FINISHED"
        assert run.data.metrics["c_index"] > run.data.metrics["baseline_c_index"]
        assert run.data.metrics["mae_days"] > 0
        assert {file.path for file in client.list_artifacts(run.info.run_id, "plots")} == {
            "plots/calibration.png",
            "plots/survival.png",
        }
    pictures = [
        output for cell in _code(book) for output in cell.outputs if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 3


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_calls_the_library_and_defines_nothing(path: Path) -> None:
    """No cell defines a function, a class or a lambda: what is worth naming belongs in the library."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda

    found = [
        f"cell {number}, line {node.lineno}"
        for number, cell in enumerate(_read(path).cells)
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, definitions)
    ]

    assert not found


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    """No output or execution count is committed, so that a diff shows what a person changed."""
    for cell in _code(_read(path)):
        assert not cell.outputs
        assert cell.execution_count is None
