"""One small training that the tests of this ring look at from all sides."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.models import find_model
from tests.e2e.trainings import Trained, run_locally, store_of
from tests.sharing import once

ADVERTS = 4_000
# Names a folder of several test runs on the same code, which then train once.
SHARED = "DAYS_TO_SELL_TESTS_SHARED"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all processes of this test run have in common; other runs too, where the environment says so."""
    if SHARED in os.environ:
        chosen = Path(os.environ[SHARED])
        chosen.mkdir(parents=True, exist_ok=True)
        return chosen
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def example_lake(shared: Path) -> Path:
    """A small lake of the example."""

    def write(folder: Path) -> dict[str, str]:
        lake = folder / "lake"
        find_model("days_to_sell").write_example_lake(lake, data=None, adverts=ADVERTS, seed=20)
        return {"lake": str(lake)}

    return Path(once(shared / "example", write)["lake"])


@pytest.fixture(scope="session")
def trained(example_lake: Path, shared: Path) -> Trained:
    """A training on that lake, on two cores, for all files that look at one."""

    def train(folder: Path) -> dict[str, Any]:
        return asdict(run_locally(folder / "home", example_lake))

    return Trained(**once(shared / "trained", train))


@pytest.fixture
def tracking(trained: Trained) -> Iterator[Trained]:
    """That training, its store being the one that MLflow's functions ask."""
    with store_of(trained):
        yield trained
