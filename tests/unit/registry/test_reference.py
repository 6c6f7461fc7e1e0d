"""What new training data is compared with comes from the version in Production, or is said to be missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.reference import production_profile
from days_to_sell.registry.versions import ALIAS, Registry
from days_to_sell.scoring.profile import Profile
from tests.packages import make_package
from tests.registered import register_folder

MODEL = "tiny-model"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    """A client of a store with two versions, of which only the first holds a package."""
    home = tmp_path_factory.mktemp("reference")
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    client.create_registered_model(MODEL)
    make_package(home / "model-1" / MODEL_DATA_SUBPATH)
    (home / "model-2").mkdir()
    for number in (1, 2):
        register_folder(client, MODEL, home / f"model-{number}")
    return client


@pytest.fixture
def registry(client: MlflowClient) -> Registry:
    """The registry behind that client."""
    return Registry(client)


def look(registry: Registry, model: str = MODEL) -> tuple[Profile | None, str]:
    """Look for a profile, and give what was said."""
    said: list[str] = []
    return production_profile(registry, model, said.append), "\n".join(said)


@pytest.mark.parametrize("model", [MODEL, "never-registered"])
def test_without_production_there_is_nothing_to_compare_with(registry: Registry, model: str) -> None:
    """Before a first promotion, and before a first version, that is said and nothing is wrong."""
    expected = f"no version of {model} is in Production, so drift has nothing to be measured against"
    assert look(registry, model) == (None, expected)


def test_the_profile_is_that_of_the_version_in_production(registry: Registry, tmp_path: Path) -> None:
    """It comes out of that version's package."""
    registry.promote(MODEL, "1")
    profile, said = look(registry)
    assert profile == make_package(tmp_path / "package").profile
    assert said == f"drift is measured against version 1 of {MODEL}, in Production"


def test_a_version_that_gives_none_stops_no_training(client: MlflowClient, registry: Registry) -> None:
    """A version without a package, promoted by other means, is told of in place of a comparison."""
    client.set_registered_model_alias(MODEL, ALIAS, "2")
    profile, said = look(registry)
    assert profile is None
    assert said.startswith("drift is not looked for: ")
