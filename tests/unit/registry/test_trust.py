"""Keys that are trusted decide which packages come out of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.errors import SignatureError
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring.signature import SIGNATURE, sign_package
from days_to_sell.scoring.signing_keys import make_key
from tests.packages import make_package
from tests.registered import register_folder

MODEL = "tiny-model"


@pytest.fixture
def trusted(client: MlflowClient, tmp_path: Path) -> Path:
    """A trusted key; version 1 is signed by it, version 2 by another, version 3 by nobody."""
    public, _ = make_key(tmp_path / "release.pem")
    make_key(tmp_path / "other.pem")
    client.create_registered_model(MODEL)
    for number, key in enumerate(("release.pem", "other.pem", None), start=1):
        home = tmp_path / f"model-{number}"
        package = make_package(home / MODEL_DATA_SUBPATH, intercept=10.0 + number)
        if key:
            sign_package(package, tmp_path / key)
        register_folder(client, MODEL, home)
    return public


def test_what_a_trusted_key_signed_is_promoted_and_fetched(
    client: MlflowClient, trusted: Path, tmp_path: Path
) -> None:
    """With its signature, which goes into the image too."""
    registry = Registry(client, trusted_keys=trusted)
    version = registry.promote(MODEL, "1")
    assert (registry.fetch_package(version, tmp_path / "fetched").root / SIGNATURE).is_file()


@pytest.mark.parametrize(("version", "said"), [("2", "no trusted key signed"), ("3", "is not signed")])
def test_anything_else_is_neither_promoted_nor_fetched(
    client: MlflowClient, trusted: Path, tmp_path: Path, version: str, said: str
) -> None:
    """Nor does a fetched copy stay; without trusted keys nobody asks."""
    registry = Registry(client, trusted_keys=trusted)
    with pytest.raises(SignatureError, match=said):
        registry.promote(MODEL, version)
    assert registry.production(MODEL) is None
    with pytest.raises(SignatureError, match=said):
        registry.fetch_package(registry.version(MODEL, version), tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()
    assert Registry(client).promote(MODEL, version).version == version


def test_the_environment_names_the_keys(
    client: MlflowClient, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So no command has to think of it."""
    monkeypatch.setenv("DAYS_TO_SELL_TRUSTED_KEYS", str(trusted))
    with pytest.raises(SignatureError, match="is not signed"):
        Registry(client).promote(MODEL, "3")
