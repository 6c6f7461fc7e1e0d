"""One small training that the tests of this ring look at from all sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from days_to_sell.models import find_model
from tests.e2e.trainings import Trained, run_training, store_of

ADVERTS = 4_000


@pytest.fixture(scope="session")
def example_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lake of the example."""
    root = tmp_path_factory.mktemp("example") / "lake"
    find_model("days_to_sell").write_example_lake(root, data=None, adverts=ADVERTS, seed=20)
    return root


@pytest.fixture(scope="session")
def trained(example_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training on that lake, on two cores."""
    return run_training(tmp_path_factory.mktemp("trained") / "home", example_lake, master="local[2]")


@pytest.fixture
def tracking(trained: Trained) -> Iterator[Trained]:
    """That training, its store being the one that MLflow's functions ask."""
    with store_of(trained):
        yield trained
