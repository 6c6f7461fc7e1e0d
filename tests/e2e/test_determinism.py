"""The same data and the same code give the same model, on any master."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from days_to_sell.models import find_model
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.scoring.golden import compare
from days_to_sell.scoring.package import ModelPackage, open_package
from tests.e2e.trainings import Trained, download, run_training

pytestmark = pytest.mark.timeout(600)
NAME = find_model("days_to_sell").spec.name


def _in_other_files(lake: Path, target: Path) -> Path:
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


@pytest.fixture(scope="module")
def again(example_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A second training in a process of its own: one core in place of two, rows in another order."""
    home = tmp_path_factory.mktemp("again")
    return run_training(home / "home", _in_other_files(example_lake, home / "lake"), master="local[1]")


def _package(trained: Trained, folder: Path) -> ModelPackage:
    return open_package(download(trained, f"models:/{NAME}/1/{MODEL_DATA_SUBPATH}", folder))


def test_training_twice_gives_the_same_golden_answers(
    trained: Trained, again: Trained, tmp_path: Path
) -> None:
    """Whatever the cores, the files and the order of rows, the same rows get the same answers."""
    first, second = (_package(each, tmp_path / str(i)) for i, each in enumerate((trained, again)))
    assert [(row.row_id, row.input) for row in first.golden] == [
        (row.row_id, row.input) for row in second.golden
    ]
    proof = compare(first.golden, [row.days for row in second.golden])
    assert proof.passed, "\n".join(map(str, proof.differences[:5]))
    assert first.provenance["training_data"] == second.provenance["training_data"]
    assert first.contract == second.contract


def test_every_candidate_is_the_same_model(trained: Trained, again: Trained) -> None:
    """Not only the best: trees, which depend on the order of rows, err the same on the test fold too."""
    candidates = [
        {each["estimator"]: (each["c_index"], each["mae_days"]) for each in run.summary["candidates"]}
        for run in (trained, again)
    ]
    assert "GBTRegressor" in candidates[0]
    assert candidates[0].keys() == candidates[1].keys()
    for estimator, metrics in candidates[0].items():
        assert candidates[1][estimator] == pytest.approx(metrics, rel=1e-9), estimator
