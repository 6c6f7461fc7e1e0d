"""Packages on a real S3 server as people use them: by command, into an image, from MLflow's artifacts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient

from days_to_sell.cli import cli
from days_to_sell.registry.events.event import Kind
from days_to_sell.release.images import labels
from days_to_sell.release.machine.key import PACKAGE
from days_to_sell.scoring.package import BUNDLE, ModelPackage
from stack.s3 import S3Server
from tests.integration.watched import Place
from tests.mlflow_servers import SECONDS, GatedServer
from tests.packages import make_package
from tests.registered import open_gates, register

pytestmark = [pytest.mark.parts, pytest.mark.timeout(300)]

MODEL = "days-to-sell"


@pytest.fixture
def command(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line of somebody who has packages on S3 and no MLflow."""
    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAYS_TO_SELL_PACKAGES", "s3://packages/team")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    return CliRunner()


def run(command: CliRunner, *arguments: object) -> Result:
    """Run a command that succeeds."""
    ended = command.invoke(cli, [str(each) for each in arguments], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A small model package."""
    return make_package(tmp_path / "package", model="s3-image")


def test_a_package_goes_by_its_digest_through_every_command(
    s3: S3Server, command: CliRunner, package: ModelPackage, tmp_path: Path
) -> None:
    """Put, listed, verified and fetched; what an interrupted put left is shown as such."""
    put = run(command, "package", "put", package.root)
    address = put.stdout.strip()
    assert address == f"s3://packages/team/{package.digest.removeprefix('sha256:')}"

    (listed,) = json.loads(run(command, "package", "list", "--json").stdout)
    assert (listed["address"], listed["digest"]) == (address, package.digest)
    assert (listed["model"], listed["whole"], listed["signed"]) == ("s3-image", True, False)
    assert f"{package.digest}  s3-image" in run(command, "package", "list").stdout

    fetched = run(command, "package", "fetch", package.digest, tmp_path / "fetched")
    assert fetched.stdout == f"{tmp_path / 'fetched'} is the package {package.digest} of s3-image\n"
    assert (tmp_path / "fetched" / BUNDLE).read_bytes() == package.bundle.read_bytes()
    checks = json.loads(command.invoke(cli, ["verify", address, "--json"]).stdout)["checks"]
    assert {"subject": "package digest", "holds": True, "found": package.digest} in checks

    s3.client.delete_object(Bucket="packages", Key=f"team/{address.rpartition('/')[2]}/package.json")
    assert "not whole: put it again" in run(command, "package", "list").stdout


def test_what_names_no_package_is_refused_with_what_to_write(
    command: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A digest that is none, no place to look it up, a folder that is not there."""
    target = str(tmp_path / "fetched")

    def refusal(*arguments: str) -> str:
        return str(command.invoke(cli, arguments).exception)

    assert "write it as sha256: and 64" in refusal("package", "fetch", "sha256:0b2c", target)
    assert "write it as s3://bucket/prefix/ and 64" in refusal(
        "package", "fetch", "s3://packages/team", target
    )
    assert "is no folder; name one, s3://" in refusal("package", "put", target)
    monkeypatch.delenv("DAYS_TO_SELL_PACKAGES")
    assert "set DAYS_TO_SELL_PACKAGES or give --packages" in refusal("package", "list")
    assert not (tmp_path / "fetched").exists()


def test_an_image_is_built_from_a_package_on_s3_by_its_digest_alone(
    command: CliRunner, package: ModelPackage, engine: docker.DockerClient
) -> None:
    """No MLflow answers, and none is asked: the image holds those very bytes, and says so."""
    run(command, "package", "put", package.root)
    built = run(command, "build", package.digest, "--version", "7")
    name = built.stdout.strip()
    try:
        said = engine.images.get(name).labels
        assert said[labels.PACKAGE_DIGEST] == package.digest
        assert (said[labels.MODEL], said[labels.MODEL_VERSION]) == ("s3-image", "7")
        digest = engine.containers.run(
            name, ["sha256sum", "/srv/package/package.json"], entrypoint="", remove=True
        )
        assert digest.split()[0].decode() == package.digest.removeprefix("sha256:")
    finally:
        engine.images.remove(name, force=True)


def test_no_image_is_built_of_a_package_that_is_damaged_on_s3(
    s3: S3Server, command: CliRunner, tmp_path: Path, engine: docker.DockerClient
) -> None:
    """It ends with the object that is wrong, and the engine never hears of it."""
    package = make_package(tmp_path / "damaged", model="s3-damaged")
    address = run(command, "package", "put", package.root).stdout.strip()
    content = bytearray(package.bundle.read_bytes())
    content[100] ^= 1
    s3.client.put_object(
        Bucket="packages", Key=f"{address.removeprefix('s3://packages/')}/{BUNDLE}", Body=bytes(content)
    )
    ended = command.invoke(cli, ["build", address])

    assert f"{address}/{BUNDLE} has SHA-256" in str(ended.exception)
    assert "damaged there; put the package again" in str(ended.exception)
    assert not engine.images.list(name="s3-damaged")


@dataclass(frozen=True)
class Artifacts:
    """A gated MLflow server whose artifacts are on S3, and a place that releases from it.

    Args:
        server: The server.
        place: The place; its programs know of S3 only what its variables say.
        variables: What clients need beside the server's address.
        prefix: Where the artifacts lie.
    """

    server: GatedServer
    place: Place
    variables: dict[str, str]
    prefix: str

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "days_to_sell.cli", *arguments],
            cwd=self.place.folder,
            env=self.place.environment | self.variables | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )


@pytest.fixture(scope="module", params=["handed out by the server", "read on S3"])
def artifacts(
    request: pytest.FixtureRequest, s3: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Artifacts]:
    """Both ways that MLflow keeps artifacts on S3."""
    direct = request.param == "read on S3"
    root = f"s3://models/{'direct' if direct else 'proxied'}"
    options = ["--artifacts-destination", root]
    if direct:
        options = ["--default-artifact-root", root, "--no-serve-artifacts"]
    folder = tmp_path_factory.mktemp("artifacts")
    # MLflow's own variable for whoever is no command of ours.
    server = GatedServer(folder / "server", f"sqlite:///{folder / 'mlflow.db'}", options, s3.variables)
    (folder / "place").mkdir()
    place = Place(server, MODEL, folder / "place")
    variables = {"DAYS_TO_SELL_S3_ENDPOINT": s3.endpoint} if direct else {}
    try:
        server.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_S3_ENDPOINT_URL", s3.endpoint)
            place.client.create_registered_model(MODEL)
            assert place.register(1) == ["1"]
        yield Artifacts(server, place, variables, root.removeprefix("s3://models/"))
    finally:
        place.clear()
        server.stop()


def test_a_version_whose_artifacts_are_on_s3_is_promoted_released_and_kept_there(
    s3: S3Server, artifacts: Artifacts
) -> None:
    """Its package comes from S3, passes the gates, serves, and lies under its digest where they are kept."""
    listed = s3.client.list_objects_v2(Bucket="models", Prefix=f"{artifacts.prefix}/")["Contents"]
    assert [each["Key"] for each in listed if each["Key"].endswith(f"/{BUNDLE}")]
    promoted = artifacts.run("promote", MODEL, "1")
    assert promoted.returncode == 0, promoted.stderr

    place = f"s3://packages/{artifacts.prefix}"
    released = artifacts.run(
        "release",
        MODEL,
        *artifacts.place.options,
        DAYS_TO_SELL_PACKAGES=place,
        DAYS_TO_SELL_S3_ENDPOINT=s3.endpoint,
    )
    assert released.returncode == 0, released.stdout + released.stderr
    assert artifacts.place.serving() == "1"
    (told,) = artifacts.place.events(Kind.RELEASED)
    stored = f"{place}/{told.digest.removeprefix('sha256:')}"
    steps = [each.body for each in artifacts.place.events(Kind.STEP) if each.body.get("step") == PACKAGE]
    assert stored in json.dumps(steps)
    assert f"is at {stored}" in released.stdout
    (kept,) = json.loads(
        artifacts.run(
            "package", "list", "--packages", place, "--json", DAYS_TO_SELL_S3_ENDPOINT=s3.endpoint
        ).stdout
    )
    assert (kept["digest"], kept["whole"]) == (told.digest, True)


def test_a_version_whose_files_are_in_another_bucket_is_refused(artifacts: Artifacts) -> None:
    """Whoever may create an experiment may name any bucket; the artifact root is not there."""
    client: MlflowClient = artifacts.place.client
    experiment = client.create_experiment("elsewhere", artifact_location="s3://lake/elsewhere")
    logged = client.create_logged_model(experiment, name="model")
    client.finalize_logged_model(logged.model_id, "READY")
    version = register(client, MODEL, logged.model_uri)
    open_gates(artifacts.server.database, MODEL, [version], "sha256:0")

    with pytest.raises(Exception, match="outside MLflow's artifact roots"):
        client.set_registered_model_alias(MODEL, "production", version)


def test_artifacts_that_s3_does_not_show_are_one_message(
    s3: S3Server, artifacts: Artifacts, tmp_path: Path
) -> None:
    """Whoever has a wrong secret is told so, whichever client of S3 it was that had to use it."""
    ended = artifacts.run(
        "package",
        "put",
        f"models:/{MODEL}/1",
        "--packages",
        "s3://packages/x",
        AWS_SECRET_ACCESS_KEY="guess",
        DAYS_TO_SELL_S3_ENDPOINT=s3.endpoint,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    said = ended.stderr.splitlines()[-1]
    assert said.startswith("error: ")
    assert "SignatureDoesNotMatch" in said or "AWS_SECRET_ACCESS_KEY" in said
