"""A version's source is untrusted input: only what MLflow logged, where MLflow puts it, is read."""

from __future__ import annotations

import pytest

from days_to_sell.errors import RegistryError
from days_to_sell.registry.sources import logged_model_of, require_location

LOGGED = "m-" + "0a" * 16


def test_a_logged_model_is_a_source() -> None:
    """It is what ``log_model`` registers."""
    assert logged_model_of(f"models:/{LOGGED}") == LOGGED


@pytest.mark.parametrize(
    "source",
    [
        "/etc",
        "s3://bucket/model",
        "https://example.com/model",
        "models:/ours/1",
        f"models:/{LOGGED}/../x",
        f"models:/{LOGGED}\n",
        f"x models:/{LOGGED}",
        "",
    ],
)
def test_any_other_source_is_refused(source: str) -> None:
    """A path or an address names files that nobody logged."""
    with pytest.raises(RegistryError, match="no logged model"):
        logged_model_of(source)


ROOTS = ["mlflow-artifacts:/", "mlflow-artifacts:", "s3://bucket/lake", "/srv/mlruns"]


@pytest.mark.parametrize("root", ROOTS)
def test_files_under_the_artifact_root_are_read(root: str) -> None:
    """MLflow puts a logged model under its experiment, in a folder of its id."""
    location = f"{root.rstrip('/')}/7/models/{LOGGED}/artifacts"
    assert require_location(location, LOGGED, [root]) == location


@pytest.mark.parametrize(
    "location",
    [
        f"s3://other/lake/7/models/{LOGGED}/artifacts",
        f"s3://bucket/lake-of-others/models/{LOGGED}/artifacts",
        f"s3://bucket/lake/../../models/{LOGGED}/artifacts",
        f"s3://bucket/lake/%2e%2e/%2e%2e/models/{LOGGED}/artifacts",
        f"s3://bucket/lake/models/m-{'1b' * 16}/artifacts",
        f"https://bucket/lake/models/{LOGGED}/artifacts",
        f"s3://bucket/lake/x?models/{LOGGED}/artifacts",
        f"/bucket/lake/models/{LOGGED}/artifacts",
    ],
)
def test_files_elsewhere_are_refused(location: str) -> None:
    """An experiment may be made with any address as its place."""
    with pytest.raises(RegistryError, match="outside MLflow's artifact roots"):
        require_location(location, LOGGED, ["s3://bucket/lake"])


def test_without_a_known_root_an_address_on_the_network_is_refused_still() -> None:
    """A client does not know the server's roots."""
    with pytest.raises(RegistryError, match="outside"):
        require_location(f"https://example.com/models/{LOGGED}/artifacts", LOGGED)
