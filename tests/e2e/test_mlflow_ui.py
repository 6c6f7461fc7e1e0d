"""What the MLflow UI tells of a training, in a real browser, and the pictures that the guide shows of it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from days_to_sell.cli.demo.mlflow_server import MlflowServer
from days_to_sell.registry.versions import Registry
from stack.ports import free_port
from tests.e2e.trainings import Trained, store_of

pytestmark = [
    pytest.mark.parts,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SCRIPT = Path(__file__).parents[2] / "docs" / "screenshots.py"
LARGEST = 300_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def screenshots() -> ModuleType:
    """The script that takes the pictures, as a module."""
    specification = importlib.util.spec_from_file_location("screenshots", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # Dataclasses look their module up while it is still being loaded.
    sys.modules["screenshots"] = module
    specification.loader.exec_module(module)
    if not any(map(shutil.which, module.BROWSERS)):
        pytest.skip(f"needs a Chromium on PATH: one of {', '.join(module.BROWSERS)}")
    return module


@pytest.fixture(scope="module")
def url(trained: Trained) -> Iterator[str]:
    """Address of an MLflow server on the store of a training, whose version is in Production."""
    # Before the server is there: it keeps gates, and a training on so few adverts need not pass them.
    with store_of(trained):
        Registry().promote(trained.summary["model"], trained.summary["version"])
    server = MlflowServer(Path(trained.store.removeprefix("sqlite:///")).parent, free_port())
    server.start(report=lambda line: None)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.url)
    try:
        yield server.url
    finally:
        mlflow.set_tracking_uri(before)
        assert server.stop()


@pytest.fixture(scope="module")
def told(screenshots: ModuleType, url: str, trained: Trained) -> dict[str, str]:
    """The text of each page of the story, by the name of its scene."""
    story = screenshots.Story.of(MlflowClient(url), trained.summary["model"])
    with screenshots.browser(story) as page:
        return {scene.name: screenshots.visit(page, url, scene) for scene in story.scenes()}


def test_the_runs_table_names_every_candidate_and_baseline_with_its_figures(
    told: dict[str, str], trained: Trained
) -> None:
    """Without a click, candidates and baselines stand below their training, beside figures with units."""
    candidates = MlflowClient(trained.store).search_runs(
        [MlflowClient(trained.store).get_run(trained.summary["run_id"]).info.experiment_id],
        f"tags.mlflow.parentRunId = '{trained.summary['run_id']}'",
    )

    assert len(candidates) > len(trained.summary["candidates"])
    for run in candidates:
        assert run.info.run_name in told["runs"]
    for column in ("c_index_ipcw", "integrated_brier", "mae_days", "coverage_80"):
        assert column in told["runs"]


def test_candidates_are_compared_by_what_they_differ_in(told: dict[str, str], trained: Trained) -> None:
    """The compare view has each candidate's estimator among its parameters."""
    for candidate in trained.summary["candidates"]:
        assert candidate["estimator"] in told["compare"]


def test_a_version_says_what_it_is_and_who_can_load_it(told: dict[str, str], trained: Trained) -> None:
    """Alias, digest and the link to the card stand on its page, and flavours in its model."""
    version = MlflowClient(trained.store).get_model_version(
        trained.summary["model"], trained.summary["version"]
    )

    assert "@ production" in told["version"]
    assert "Model card" in told["version"]
    assert version.tags["package.digest"] in told["version"]
    for flavor in ("mleap:", "python_function:", "spark:"):
        assert flavor in told["flavors"]


def test_the_card_is_read_in_the_browser(told: dict[str, str], trained: Trained) -> None:
    """The page of the run shows the card itself, with the rows that it was trained on."""
    run = MlflowClient(trained.store).get_run(trained.summary["run_id"])

    assert f"{run.data.metrics['training_rows']:,.0f}" in told["card"]


def test_words_that_a_page_does_not_show_are_named(
    screenshots: ModuleType, url: str, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that would not tell its story is not taken, and the missing words are said."""
    monkeypatch.setattr(screenshots, "SECONDS", 3)
    story: Any = screenshots.Story.of(MlflowClient(url), trained.summary["model"])
    scene = next(iter(story.scenes()))

    with (
        screenshots.browser(story) as page,
        pytest.raises(SystemExit, match="does not show a run that nobody made after"),
    ):
        screenshots.visit(page, url, replace(scene, shows=("a run that nobody made",)))


def test_every_picture_of_the_guide_is_taken_and_small(
    screenshots: ModuleType, url: str, told: dict[str, str], tmp_path: Path
) -> None:
    """The script writes the pictures that the guide shows, each a PNG that loads quickly."""
    screenshots.main(["--mlflow", url, "--images", str(tmp_path)])

    taken = sorted(tmp_path.iterdir())
    assert [picture.name for picture in taken] == sorted(f"{name}.png" for name in told)
    guide = (SCRIPT.parent / "guides" / "experiments.md").read_text(encoding="utf-8")
    for picture in taken:
        assert picture.read_bytes().startswith(PNG)
        assert picture.stat().st_size < LARGEST
        assert f"images/{picture.name}" in guide
        assert (SCRIPT.parent / "images" / picture.name).stat().st_size < LARGEST
