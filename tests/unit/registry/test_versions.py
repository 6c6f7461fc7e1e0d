"""The registry on MLflow's own SQLite store: Production by stage and alias, and packages that are whole."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import ALIAS, STAGE, ModelVersion, Registry
from tests.packages import make_package
from tests.registered import register_folder

MODEL = "tiny-model"


@pytest.fixture
def client(client: MlflowClient, tmp_path: Path) -> MlflowClient:
    """A client of a store in which the model has three versions that hold a package each."""
    client.create_registered_model(MODEL)
    for number in (1, 2, 3):
        home = tmp_path / f"model-{number}"
        make_package(home / MODEL_DATA_SUBPATH, intercept=10.0 + number)
        register_folder(client, MODEL, home)
    return client


@pytest.fixture
def registry(client: MlflowClient) -> Registry:
    """The registry behind that client."""
    return Registry(client)


def _stage(client: MlflowClient, version: str, stage: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        client.transition_model_version_stage(MODEL, version, stage)


def _production(registry: Registry, serving: str | None = None) -> str | None:
    found = registry.production(MODEL, serving)
    return found.version if found else None


def test_nothing_is_in_production_before_a_promotion(registry: Registry) -> None:
    """A registered version is not thereby promoted."""
    assert _production(registry) is None
    assert [version.version for version in registry.versions(MODEL)] == ["3", "2", "1"]


def test_a_promotion_sets_stage_and_alias_together_and_archives_the_one_before(
    registry: Registry, client: MlflowClient
) -> None:
    """After it, whoever looks at the stage and whoever looks at the alias see the same version."""
    for number in ("1", "2"):
        registry.promote(MODEL, number)
        assert _production(registry) == number
        assert client.get_model_version_by_alias(MODEL, ALIAS).version == int(number)
    stages = [client.get_model_version(MODEL, number).current_stage for number in ("1", "2")]
    assert stages == ["Archived", STAGE]


def test_a_promotion_can_be_run_again(registry: Registry) -> None:
    """The second run changes nothing."""
    assert registry.promote(MODEL, "2") == registry.promote(MODEL, "2")
    assert _production(registry) == "2"


@pytest.mark.parametrize("moved", ["stage", "alias"])
def test_what_was_not_moved_is_brought_along(registry: Registry, client: MlflowClient, moved: str) -> None:
    """Once the loop follows a person, stage and alias name one version again."""
    registry.promote(MODEL, "1")
    if moved == "stage":
        _stage(client, "1", "Archived")
        _stage(client, "2", STAGE)
    else:
        client.set_registered_model_alias(MODEL, ALIAS, "2")
    registry.bring_along(registry.version(MODEL, "2"))
    assert client.get_model_version(MODEL, "2").current_stage == STAGE
    assert client.get_model_version(MODEL, "1").current_stage == "Archived"
    assert client.get_model_version_by_alias(MODEL, ALIAS).version == 2


def test_what_was_promoted_since_the_look_stays_promoted(registry: Registry) -> None:
    """Whoever saw version 3 in Production must not bring it back over version 2, which came after."""
    registry.promote(MODEL, "3")
    seen = registry.production(MODEL)
    assert seen is not None
    registry.promote(MODEL, "2")
    registry.bring_along(seen)
    assert _production(registry) == "2"


def test_a_promotion_in_the_middle_of_a_look_is_no_disagreement(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alias read before it and the stage after it name two versions, neither of which serves."""
    registry.promote(MODEL, "2")
    staged, waiting = registry._staged, ["3"]

    def promoted_meanwhile(model: str) -> list[str]:
        if waiting:
            registry.promote(model, waiting.pop())
        return staged(model)

    monkeypatch.setattr(registry, "_staged", promoted_meanwhile)
    assert _production(registry, serving="1") == "3"


@pytest.mark.parametrize("moved", ["stage", "alias"])
def test_a_person_may_move_only_one_of_the_two(registry: Registry, client: MlflowClient, moved: str) -> None:
    """The one that no longer names what serves has moved, and is followed."""
    registry.promote(MODEL, "1")
    if moved == "stage":
        _stage(client, "1", "Archived")
        _stage(client, "2", STAGE)
    else:
        client.set_registered_model_alias(MODEL, ALIAS, "2")
    assert _production(registry, serving="1") == "2"


def test_stage_and_alias_on_different_versions_are_refused(registry: Registry, client: MlflowClient) -> None:
    """If neither names what serves, no rule says which is meant; the error gives the command that does."""
    registry.promote(MODEL, "1")
    client.set_registered_model_alias(MODEL, ALIAS, "2")
    for serving in (None, "3"):
        with pytest.raises(RegistryError, match=r"version 1 in stage .* version 2 under alias .* promote"):
            registry.production(MODEL, serving)


def test_the_alias_counts_in_any_case_and_ends_in_one_spelling(
    registry: Registry, client: MlflowClient
) -> None:
    """A person who wrote Production means production; a promotion leaves one alias."""
    client.set_registered_model_alias(MODEL, "Production", "1")
    assert _production(registry) == "1"
    registry.promote(MODEL, "2")
    assert list(client.get_registered_model(MODEL).aliases) == [ALIAS]
    assert _production(registry) == "2"


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_version_without_a_whole_package_is_not_promoted(
    registry: Registry, client: MlflowClient, tmp_path: Path, damage: str
) -> None:
    """The package is fetched and verified first, so that the one before stays in Production."""
    registry.promote(MODEL, "1")
    package = tmp_path / "model-2" / MODEL_DATA_SUBPATH
    if damage == "gone":
        shutil.rmtree(package)
    else:
        with (package / "golden.jsonl").open("a") as golden:
            golden.write("{}\n")
    with pytest.raises((RegistryError, PackageError)):
        registry.promote(MODEL, "2")
    assert _production(registry) == "1"
    assert client.get_model_version(MODEL, "2").current_stage != STAGE


@pytest.mark.parametrize("elsewhere", ["file", "https", "another run's"])
def test_a_package_that_mlflow_did_not_log_is_not_fetched(
    registry: Registry,
    client: MlflowClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: str,
) -> None:
    """Whoever may register a version names its source, and could name any file or address."""
    home = tmp_path / "model-elsewhere"
    make_package(home / MODEL_DATA_SUBPATH)
    source = {"file": home.as_uri(), "https": "https://example.com/model"}.get(elsewhere)
    if source is None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", str(client.tracking_uri))
        experiment = client.create_experiment("elsewhere", "https://example.com/artifacts")
        source = f"models:/{client.create_logged_model(experiment, name='model').model_id}"
    number = client.create_model_version(MODEL, source, run_id=None).version
    with pytest.raises(RegistryError, match=f"version {number} of {MODEL!r} is not fetched: .*log"):
        registry.promote(MODEL, str(number))
    assert _production(registry) is None


def test_a_fetched_package_is_that_of_its_version(registry: Registry, tmp_path: Path) -> None:
    """The folder appears whole under its name, with no draft beside it."""
    target = tmp_path / "fetched" / "package"
    package = registry.fetch_package(registry.version(MODEL, "2"), target)
    assert package.root == target
    assert package.golden[0].days == pytest.approx(
        make_package(tmp_path / "same", intercept=12.0).golden[0].days
    )
    assert list(target.parent.iterdir()) == [target]


def test_tags_are_written_for_people_to_see(registry: Registry) -> None:
    """A tag of a version can be read back from it."""
    version = registry.version(MODEL, "1")
    registry.tag(version, {"release": "released"})
    assert registry.version(MODEL, "1").tags["release"] == "released"


def test_what_is_not_there_is_named(registry: Registry) -> None:
    """MLflow's own errors come out as ours, with the model and the version that were asked for."""
    with pytest.raises(RegistryError, match="registered model 'nobody'"):
        registry.production("nobody")
    with pytest.raises(RegistryError, match="version 9 of 'tiny-model'"):
        registry.version(MODEL, "9")
    with pytest.raises(RegistryError, match="version 9 of 'tiny-model'"):
        registry.tag(ModelVersion(MODEL, "9", "", {}), {"a": "b"})
    with pytest.raises(RegistryError, match="version 9 of 'tiny-model'"):
        registry.promote(MODEL, "9")
