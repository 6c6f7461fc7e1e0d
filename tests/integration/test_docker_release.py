"""Releases by the command line with all real parts: registry of versions, engine, image registry, keys."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import requests
from click.testing import CliRunner, Result
from mlflow import MlflowClient

from days_to_sell.cli import cli
from days_to_sell.errors import SignatureError
from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.images.publish import pull_by_digest
from days_to_sell.release.packages import SHELF
from days_to_sell.release.project import project_root
from days_to_sell.release.service import answering
from days_to_sell.release.site import Site
from days_to_sell.scoring.package import MANIFEST
from days_to_sell.scoring.signature import sign_package
from days_to_sell.settings import Settings
from stack.kubelet.manifest import read_deployment, render
from stack.ports import free_port
from tests.packages import make_package, rewrite
from tests.registered import register_folder

pytestmark = [pytest.mark.parts, pytest.mark.timeout(300)]
REGISTRY = Path(__file__).parents[2] / ".ci" / "registry.sh"
SECONDS = 60


@dataclass(frozen=True)
class Home:
    """A place that is released to, and what it stands on.

    Args:
        folder: Where the programs run.
        model: Name of the model, of this test alone.
        images: Address of the image registry.
        addresses: Ports of production and pre-production.
    """

    folder: Path
    model: str
    images: str
    addresses: Addresses

    @property
    def store(self) -> str:
        """Address of MLflow's registry."""
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    @property
    def workspace(self) -> Path:
        """Folder of the release."""
        return self.folder / "work"

    def promote(self, version: str) -> None:
        """Put a version in Production, as somebody does who trusts no keys and asks nobody."""
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("DAYS_TO_SELL_TRUSTED_KEYS")
            Registry(MlflowClient(self.store)).promote(self.model, version)

    def run(self, *arguments: str) -> Result:
        """Run a command that deploys."""
        ports = (
            *("--port", str(self.addresses.port("production"))),
            *("--preprod-port", str(self.addresses.port("preprod"))),
        )
        options = ("--target", "docker", *ports, "--workspace", str(self.workspace))
        return CliRunner().invoke(cli, [*arguments, *options])

    def serving(self) -> str | None:
        """Version that answers in production."""
        found = answering(self.addresses.url("production"))
        return found.version if found else None

    def target(self, engine: docker.DockerClient) -> DockerTarget:
        """What serves."""
        site = Site(Settings.from_env(), project_root(), self.workspace, self.addresses, print)
        return DockerTarget(engine, site)

    def events(self, kind: Kind) -> list[Event]:
        """What the log has of a kind."""
        return EventLog.open(self.store).read(self.model, kinds=(kind,))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image registry; gives what the setting names."""
    if shutil.which("docker-registry") is None:
        pytest.skip("needs an image registry: docker-registry, of the Debian package of that name")
    folder, port = str(tmp_path_factory.mktemp("images")), free_port()
    subprocess.run([REGISTRY, "start", folder, str(port)], check=True, timeout=SECONDS, capture_output=True)
    yield f"127.0.0.1:{port}/days-to-sell"
    subprocess.run([REGISTRY, "stop", folder], check=True, timeout=SECONDS)


@pytest.fixture(scope="module")
def home(
    engine: docker.DockerClient, images: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """Versions 1 and 2 are signed and were released in turn; version 3 nobody signed."""
    folder, model = tmp_path_factory.mktemp("home"), f"tiny-{uuid.uuid4().hex[:8]}"
    addresses = Addresses(ports={"production": free_port(), "preprod": free_port()})
    home = Home(folder, model, images, addresses)
    key = folder / "keys" / "release.pem"
    key.parent.mkdir()
    assert CliRunner().invoke(cli, ["signing-key", str(key)]).exit_code == 0
    with pytest.MonkeyPatch.context() as patch:
        # The registry asks MLflow's default store for logged models, whatever the client's own is.
        patch.setenv("MLFLOW_TRACKING_URI", home.store)
        client = MlflowClient(home.store)
        client.create_registered_model(model)
        for number in (1, 2, 3):
            source = folder / f"model-{number}"
            root = make_package(source / MODEL_DATA_SUBPATH, model=model, intercept=10.0 * number).root
            chain = '"training_data": "' + "d" * 64 + '", "run_id"'
            package = rewrite(root, MANIFEST, lambda text, chain=chain: text.replace('"run_id"', chain))
            if number < 3:
                sign_package(package, key)
            register_folder(client, model, source)
        patch.setenv("DAYS_TO_SELL_IMAGE_REGISTRY", images)
        patch.setenv("DAYS_TO_SELL_TRUSTED_KEYS", str(key.with_suffix(".pub.pem")))
        try:
            for version in ("1", "2"):
                home.promote(version)
                released = home.run("release", model)
                assert released.exit_code == 0, released.output
            yield home
        finally:
            home.target(engine).stop()
            for image in engine.images.list():
                for name in image.tags:
                    if model in name:
                        engine.images.remove(name)


def test_the_event_of_a_release_names_the_image_that_the_registry_has(
    home: Home, engine: docker.DockerClient
) -> None:
    """By its digest; whoever pulls that gets an image that verifies, signed by a trusted key."""
    released = home.events(Kind.RELEASED)[0]
    address, digest = released.body["published"], released.body["image_digest"]
    repository = f"{home.images.partition('/')[2]}/{home.model}"
    assert address == f"{home.images}/{home.model}@{digest}"
    with requests.Session() as session:
        session.trust_env = False
        url = f"http://{home.images.partition('/')[0]}/v2/{repository}/manifests/{digest}"
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        assert session.head(url, headers={"Accept": kind}, timeout=SECONDS).status_code == 200

    pull_by_digest(engine, address)
    verified = CliRunner().invoke(cli, ["verify", address])
    assert verified.exit_code == 0, verified.output
    assert "checks hold" in verified.output
    assert released.digest in verified.output


def test_a_rollback_takes_the_very_image_that_was_kept(home: Home, engine: docker.DockerClient) -> None:
    """Nothing is built, even where the engine's base is another one by now; the log has the seconds."""
    name = home.events(Kind.RELEASED)[0].body["image"]
    kept = engine.images.get(name).id
    base = Settings.from_env().base_image
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAYS_TO_SELL_BASE_IMAGE", f"{home.model}:another-base")
        engine.images.get(base).tag(home.model, "another-base")
        back = home.run("rollback", home.model, "--reason", "prices of vans are wrong")
    assert back.exit_code == 0, back.output
    assert f"image {name} was kept" in back.output
    assert home.serving() == "1"
    replica = engine.containers.get(f"{home.model}-production-blue1")
    assert replica.attrs["Image"] == kept
    (event,) = home.events(Kind.ROLLED_BACK)
    print(f"rolled back in {event.body['seconds']:.2f} s")


def test_manifests_name_the_image_that_was_proven_and_published(home: Home, tmp_path: Path) -> None:
    """Of the version in Production, proven on this engine: rendered, its pods run those very bytes."""
    asked = ["kubernetes", home.model, "--to", str(tmp_path), "--workspace", str(home.workspace)]
    written = CliRunner().invoke(cli, asked)
    assert written.exit_code == 0, written.output
    folder = tmp_path / f"{home.model}-production"
    assert written.stdout.splitlines()[-2:] == [
        f"written, not applied: {home.model} version 1 for production in {folder}",
        f"kubectl apply -k {folder}",
    ]
    pod = read_deployment(render(folder), "scoring").pod
    first = home.events(Kind.RELEASED)[0]
    assert pod.image == first.body["published"]
    assert pod.environment["DAYS_TO_SELL_MODEL_VERSION"] == "1"
    verified = CliRunner().invoke(cli, ["verify", pod.image])
    assert verified.exit_code == 0, verified.output


def test_manifests_of_a_version_are_for_preproduction_before_it_is_promoted(
    home: Home, tmp_path: Path
) -> None:
    """What is signed may be tried there; for production, and where nobody trusts it, nothing is written."""
    asked = ["kubernetes", home.model, "--to", str(tmp_path), "--workspace", str(home.workspace)]
    early = CliRunner().invoke(cli, [*asked, "--version", "2"])
    assert (early.exit_code, "--version is for --environment preprod" in early.output) == (2, True)
    unsigned = CliRunner().invoke(cli, [*asked, "--environment", "preprod", "--version", "3"])
    assert isinstance(unsigned.exception, SignatureError)
    assert not list(tmp_path.iterdir())

    tried = CliRunner().invoke(cli, [*asked, "--environment", "preprod", "--version", "2"])
    assert tried.exit_code == 0, tried.output
    pod = read_deployment(render(tmp_path / f"{home.model}-preprod"), "scoring").pod
    assert pod.image == home.events(Kind.RELEASED)[1].body["published"]
    assert pod.environment["DAYS_TO_SELL_ENVIRONMENT"] == "preprod"


def test_what_no_trusted_key_signed_is_refused_and_what_serves_stays(home: Home) -> None:
    """Somebody who trusts no keys may promote it; it is released nowhere, and the exit code says so."""
    before = home.serving()
    home.promote("3")
    refused = home.run("release", home.model)
    assert refused.exit_code == 1
    assert "is not signed" in refused.output
    assert home.serving() == before
    assert home.events(Kind.FAILED)[-1].version == "3"


def test_pruning_removes_package_and_image_of_what_nobody_goes_back_to(
    home: Home, engine: docker.DockerClient
) -> None:
    """Under all of its names, once it is served in pre-production and stands by in production no more."""
    first, second = (event.body["image"] for event in home.events(Kind.RELEASED)[:2])
    prune = ["release", "prune", home.model, "--keep", "1", "--workspace", str(home.workspace)]
    shelf = home.workspace / SHELF
    kept = {path.name for path in shelf.iterdir()}
    assert "nothing to remove" in CliRunner().invoke(cli, prune).output
    home.target(engine).stop("preprod")
    assert "nothing to remove" in CliRunner().invoke(cli, prune).output
    for name in ("green1", "green2"):
        engine.containers.get(f"{home.model}-production-{name}").remove(force=True)
    dry = CliRunner().invoke(cli, [*prune, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert f"{home.model} version 2: would remove package {home.model}-2-" in dry.output
    assert f"image {second}" in dry.output.replace(f"{home.images}/", "")
    assert {path.name for path in shelf.iterdir()} == kept

    pruned = CliRunner().invoke(cli, prune)
    assert pruned.exit_code == 0, pruned.output
    gone = kept - {path.name for path in shelf.iterdir()}
    assert [name.rpartition("-")[0] for name in gone] == [f"{home.model}-2"]
    assert not [name for image in engine.images.list() for name in image.tags if name.endswith(second)]
    assert engine.images.get(first)
    assert home.serving() == "1"
    assert "nothing to remove" in CliRunner().invoke(cli, prune).output
