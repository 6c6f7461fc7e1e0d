"""Promotion against a real MLflow server: stage and alias, moved together, and by people one at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient
from pyspark.ml import Pipeline
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

from days_to_sell.cli.demo.mlflow_server import MlflowServer
from days_to_sell.cli.promote import promote
from days_to_sell.cli.score import score
from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.registry import mleap_flavor
from days_to_sell.registry.versions import ALIAS, STAGE, ModelVersion, Registry
from stack.ports import free_port
from tests.packages import CAR, days_by_formula, make_package
from tests.registered import log_folder, register

pytestmark = [pytest.mark.parts, pytest.mark.filterwarnings("ignore::FutureWarning")]

MODEL = "tiny-model"
NewModel = Callable[[int], str]


@dataclass(frozen=True)
class Server:
    """A running server, and what was logged to it once for all versions.

    Args:
        client: A client of it.
        run_id: The run that logged.
        source: The logged model, with a model package.
        bare: A logged folder without one.
        damaged: The logged model of which one file differs from its manifest.
        digest: Digest of the package.
    """

    client: MlflowClient
    run_id: str
    source: str
    bare: str
    damaged: str
    digest: str


@pytest.fixture(scope="module")
def server(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An MLflow server on SQLite that this process logs to."""
    home = tmp_path_factory.mktemp("mlflow")
    started = MlflowServer(home, free_port())
    started.start(report=lambda line: None)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(started.url)
    try:
        yield _log(spark, MlflowClient(started.url), home)
    finally:
        mlflow.set_tracking_uri(before)
        assert started.stop()


def _log(spark: SparkSession, client: MlflowClient, home: Path) -> Server:
    """Log a model with its package, the same with a damaged one, and a folder that is no model."""
    frame = spark.createDataFrame([(1.0, 2.0)], "price double, valuation double")
    assembler = VectorAssembler(inputCols=["price", "valuation"], outputCol="features")
    fitted = Pipeline(stages=[assembler]).fit(frame)
    package = make_package(home / "package", model=MODEL)
    mlflow.set_experiment("promotion")
    with mlflow.start_run() as run:
        logged = mleap_flavor.log_model(fitted, name="model", model_package=package.root)
        broken = home / "broken"
        mleap_flavor.save_model(fitted, str(broken), model_package=package.root)
        with (broken / mleap_flavor.MODEL_DATA_SUBPATH / "golden.jsonl").open("a") as golden:
            golden.write("\n")
    bare = home / "bare"
    bare.mkdir()
    (bare / "MLmodel").write_text("flavors: {}\n", encoding="ascii")
    experiment = run.info.experiment_id
    return Server(
        client,
        run.info.run_id,
        logged.model_uri,
        log_folder(client, bare, experiment),
        log_folder(client, broken, experiment),
        package.digest,
    )


@pytest.fixture
def new_model(server: Server, request: pytest.FixtureRequest) -> NewModel:
    """Register a model of its own for the test, with a number of versions."""

    def register(versions: int) -> str:
        name = request.node.name.replace("[", "-").rstrip("]")
        server.client.create_registered_model(name)
        for _ in range(versions):
            server.client.create_model_version(
                name, server.source, server.run_id, model_id=server.source.removeprefix("models:/")
            )
        return name

    return register


def state(server: Server, model: str) -> tuple[dict[str, str], dict[str, str]]:
    """Give the stages by version and the aliases of a model, as the server has them."""
    found = server.client.search_model_versions(f"name = '{model}'")
    aliases = server.client.get_registered_model(model).aliases
    return (
        {str(version.version): version.current_stage for version in found},
        {alias: str(version) for alias, version in aliases.items()},
    )


def move_stage(server: Server, model: str, version: str, *, archive: bool = True) -> None:
    """Move the stage alone, as a person does in the UI."""
    server.client.transition_model_version_stage(model, version, STAGE, archive_existing_versions=archive)


def move_alias(server: Server, model: str, version: str, alias: str = ALIAS) -> None:
    """Move the alias alone, as a person does in the UI."""
    server.client.set_registered_model_alias(model, alias, version)


def in_production(model: str, serving: str | None = None) -> str | None:
    """Ask the registry which version is meant."""
    found = Registry().production(model, serving)
    return found.version if found else None


def test_a_promotion_moves_stage_and_alias_and_archives_the_former(
    server: Server, new_model: NewModel
) -> None:
    """Version 2 after version 1: both marks stand on 2, and 1 is archived."""
    model, registry = new_model(2), Registry()
    registry.promote(model, "1")
    assert state(server, model) == ({"1": STAGE, "2": "None"}, {ALIAS: "1"})
    promoted = registry.promote(model, "2")
    assert state(server, model) == ({"1": "Archived", "2": STAGE}, {ALIAS: "2"})
    assert promoted == ModelVersion(model, "2", server.run_id, {})
    assert in_production(model) == "2"


def test_a_promotion_back_is_a_rollback(server: Server, new_model: NewModel) -> None:
    """An archived version comes back the same way, and promoting it again changes nothing."""
    model, registry = new_model(2), Registry()
    for version in ("1", "2", "1", "1"):
        registry.promote(model, version)
    assert state(server, model) == ({"1": STAGE, "2": "Archived"}, {ALIAS: "1"})


def test_nothing_is_in_production_before_a_promotion(new_model: NewModel) -> None:
    """A model with versions alone has none in Production."""
    assert in_production(new_model(1)) is None


def test_a_person_who_moves_only_the_alias_is_followed(server: Server, new_model: NewModel) -> None:
    """The stage still names what serves, so it is the alias that moved."""
    model = new_model(2)
    Registry().promote(model, "1")
    move_alias(server, model, "2")
    assert in_production(model, serving="1") == "2"


def test_a_person_who_moves_only_the_stage_is_followed(server: Server, new_model: NewModel) -> None:
    """The alias still names what serves, so it is the stage that moved."""
    model = new_model(2)
    Registry().promote(model, "1")
    move_stage(server, model, "2")
    assert in_production(model, serving="1") == "2"


def test_a_person_who_moves_the_stage_back_without_archiving_is_followed(
    server: Server, new_model: NewModel
) -> None:
    """Two versions in the stage are both seen: the older one is the one that was moved."""
    model = new_model(2)
    Registry().promote(model, "2")
    move_stage(server, model, "1", archive=False)
    assert in_production(model, serving="2") == "1"


@pytest.mark.parametrize("mark", ["alias", "stage"])
def test_the_other_mark_is_brought_along(server: Server, new_model: NewModel, mark: str) -> None:
    """Once the move is followed, both marks name it, so that it is not taken for a move back."""
    model, registry = new_model(2), Registry()
    registry.promote(model, "1")
    (move_alias if mark == "alias" else move_stage)(server, model, "2")
    desired = registry.production(model, "1")
    assert desired is not None
    registry.bring_along(desired)
    assert state(server, model) == ({"1": "Archived", "2": STAGE}, {ALIAS: "2"})
    assert in_production(model, serving="1") == in_production(model, serving="2") == "2"


def test_both_moved_apart_is_refused_with_the_way_out(server: Server, new_model: NewModel) -> None:
    """Neither mark names what serves: only a person can tell which one is meant."""
    model = new_model(3)
    Registry().promote(model, "1")
    move_stage(server, model, "2")
    move_alias(server, model, "3")
    with pytest.raises(RegistryError) as refused:
        Registry().production(model, "1")
    assert str(refused.value) == (
        f"{model!r} has version 2 in stage Production and version 3 under alias 'production'; "
        f"promote the one that is meant: days-to-sell promote {model} VERSION"
    )
    Registry().promote(model, "3")
    assert in_production(model, serving="1") == "3"


def test_marks_apart_with_nothing_serving_are_refused(server: Server, new_model: NewModel) -> None:
    """Before the first release nothing tells which mark moved."""
    model = new_model(2)
    move_stage(server, model, "1")
    move_alias(server, model, "2")
    with pytest.raises(RegistryError, match="promote the one that is meant"):
        Registry().production(model)


def test_the_alias_is_found_in_any_spelling_and_written_in_ours(server: Server, new_model: NewModel) -> None:
    """``PRODUCTION`` is Production; the next promotion leaves one spelling."""
    model = new_model(2)
    move_alias(server, model, "1", alias="PRODUCTION")
    assert in_production(model) == "1"
    Registry().promote(model, "2")
    assert state(server, model)[1] == {ALIAS: "2"}


def test_a_model_that_is_not_registered_is_said(server: Server) -> None:
    """Model and reason are in the message."""
    with pytest.raises(RegistryError, match=r"refused registered model 'no-such-model': .*not found"):
        Registry().production("no-such-model")


def test_a_version_that_is_not_there_is_said(server: Server, new_model: NewModel) -> None:
    """Neither mark moves for a version that does not exist."""
    model = new_model(1)
    with pytest.raises(RegistryError, match=f"refused version 7 of {model!r}: .*not found"):
        Registry().promote(model, "7")
    assert state(server, model) == ({"1": "None"}, {})


@pytest.mark.parametrize(("kind", "error"), [("bare", RegistryError), ("damaged", PackageError)])
def test_a_version_without_a_sound_package_is_not_promoted(
    server: Server, new_model: NewModel, kind: str, error: type[Exception]
) -> None:
    """What could never be served is refused before stage or alias move."""
    model = new_model(1)
    Registry().promote(model, "1")
    register(server.client, model, getattr(server, kind))
    with pytest.raises(error):
        Registry().promote(model, "2")
    assert state(server, model) == ({"1": STAGE, "2": "None"}, {ALIAS: "1"})


def test_the_package_of_a_version_is_the_one_that_was_logged(
    server: Server, new_model: NewModel, tmp_path: Path
) -> None:
    """Fetched through the server's own artifact proxy, it has the digest it was logged with."""
    model, registry = new_model(1), Registry()
    target = tmp_path / "fetched" / "package"
    package = registry.fetch_package(registry.version(model, "1"), target)
    assert (package.root, package.digest) == (target, server.digest)
    assert [found.name for found in target.parent.iterdir()] == ["package"]


def test_versions_are_listed_by_number_with_their_tags(server: Server, new_model: NewModel) -> None:
    """Newest first, version 10 above version 9, with the tags that the registry was asked to write."""
    model, registry = new_model(10), Registry()
    registry.tag(registry.version(model, "10"), {"release.status": "released"})
    found = registry.versions(model)
    assert [version.version for version in found] == [str(number) for number in range(10, 0, -1)]
    assert found[0].tags == {"release.status": "released"}


def test_a_server_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is one message with the model's name."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = Registry(MlflowClient(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(RegistryError, match="registered model 'cars'"):
        registry.production("cars")


def test_the_command_line_promotes_and_scores(server: Server, new_model: NewModel) -> None:
    """A version is promoted, and answers rows line by line."""
    model, call = new_model(2), CliRunner().invoke
    promoted = call(promote, [model, "2"])
    assert promoted.stdout.startswith(f"{model} version 2 is in Production; serve it with: ")
    assert state(server, model)[1] == {ALIAS: "2"}

    rows = "\n".join(map(json.dumps, [CAR, CAR | {"mileage": -1}]))
    answered, refused = map(json.loads, call(score, [model], input=rows).stdout.splitlines())
    assert answered["days"] == pytest.approx(days_by_formula(CAR))
    assert "mileage is too small" in refused["error"]
