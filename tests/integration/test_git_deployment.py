"""Releases by git over real servers: a push deploys, a revert rolls back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import docker
import pytest
import requests
from click.testing import CliRunner

from days_to_sell.cli.deployment import deployment
from days_to_sell.cli.reconciling import publisher
from days_to_sell.errors import PublishError
from days_to_sell.registry.package_store import put_package
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.gitops.apply import read_file
from days_to_sell.release.gitops.commit import Committed, Storage, commit_production
from days_to_sell.release.gitops.repository import Repository
from days_to_sell.release.gitops.scaffolding import write_scaffold
from days_to_sell.release.images.labels import MODEL as MODEL_LABEL
from days_to_sell.release.images.taken import take_image
from days_to_sell.release.machine.aides import aides_of_this_machine
from days_to_sell.release.process.target import ProcessTarget
from days_to_sell.release.project import project_root
from days_to_sell.release.site import Site
from days_to_sell.release.target import Target
from days_to_sell.settings import Settings
from stack.git_remote import GitRemote
from stack.image_registry import ImageRegistry
from stack.ports import free_port
from stack.s3 import S3Server
from tests.packages import CAR, days_by_formula, make_package
from tests.unit.release.fakes import ShelfRegistry

pytestmark = pytest.mark.parts
STORE, SECONDS = "s3://models/released", 240.0
PERSON = {
    "GIT_AUTHOR_NAME": "A Person",
    "GIT_AUTHOR_EMAIL": "person@localhost",
    "GIT_COMMITTER_NAME": "A Person",
    "GIT_COMMITTER_EMAIL": "person@localhost",
}


@dataclass(frozen=True)
class Stage:
    """A deployment repository, and who writes to it and deploys from it.

    Args:
        remote: The repository.
        registry: Where versions are.
        site: Where is deployed to.
        s3: Where packages go.
        model: Name of the model.
    """

    remote: GitRemote
    registry: ShelfRegistry
    site: Site
    s3: S3Server
    model: str

    def git(self, *arguments: str) -> str:
        """Run git as a person does, in a clone."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.clone,
            env={**os.environ, **PERSON},
            check=True,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        ).stdout.strip()

    @property
    def clone(self) -> Path:
        """The clone of a person."""
        return self.remote.folder / "clone"

    def promote(self, version: str) -> None:
        """Put a version of its own formula in Production."""
        folder = self.remote.folder / "made" / version
        package = make_package(folder, model=self.model, intercept=10.0 + int(version))
        self.registry.add(self.model, version, package)

    def commit(self, target: Target, image_registry: str = "") -> Committed:
        """Release by git, from another workspace than that of the place."""
        workspace = self.remote.folder / "commits"
        aides = aides_of_this_machine(workspace, print)
        settings = replace(self.site.settings, image_registry=image_registry)
        return commit_production(
            self.registry,
            self.model,
            Repository(self.remote.address),
            Storage(STORE, partial(put_package, settings=self.s3.settings), image_registry),
            target,
            workspace=workspace,
            report=print,
            aides=replace(aides, publish=publisher(settings, print)),
        )

    def options(self, target: str) -> list[str]:
        """The options of a deployment at this place."""
        ports = self.site.addresses.ports
        return [
            *("--target", target, "--workspace", str(self.site.workspace)),
            *("--port", str(ports["production"]), "--preprod-port", str(ports["preprod"])),
        ]

    def serves(self, version: str) -> bool:
        """Whether production answers by the formula of a version."""
        url = self.site.addresses.url("production")
        reply = requests.post(f"{url}/invocations", json={"dataframe_records": [CAR]}, timeout=30)
        due = days_by_formula(CAR, intercept=10.0 + int(version))
        return bool(reply.json()["predictions"][0] == pytest.approx(due, rel=1e-12))


@pytest.fixture
def stage(tmp_path: Path, s3: S3Server) -> Iterator[Stage]:
    """A repository with the scaffold, and version 1 in Production."""
    (tmp_path / "remote").mkdir()
    remote = GitRemote(tmp_path / "remote").create()
    addresses = Addresses(ports={"production": free_port(), "preprod": free_port()})
    settings = replace(Settings.from_env(), s3_endpoint=s3.endpoint)
    site = Site(settings, project_root(), tmp_path / "place", addresses, print)
    stage = Stage(remote, ShelfRegistry(), site, s3, f"git-{os.getpid()}")
    stage.promote("1")
    yield stage
    ProcessTarget(site).stop()


def wait_for(remote: GitRemote, commit: str) -> None:
    """Wait until the deployment of a commit has ended."""
    deadline, tick = time.monotonic() + SECONDS, threading.Event()
    while remote.deployed() != commit:
        assert time.monotonic() < deadline, remote.log.read_text(encoding="utf-8")
        tick.wait(0.2)


def test_a_push_deploys_and_a_revert_rolls_back(stage: Stage) -> None:
    """Commit, hook, script, S3, gunicorn: each version answers; a revert brings the one before back."""
    remote = stage.remote
    subprocess.run(["git", "clone", "-q", remote.address, str(stage.clone)], check=True, timeout=SECONDS)
    write_scaffold(stage.clone)
    stage.git("checkout", "-q", "-B", "main")
    stage.git("add", "-A")
    stage.git("commit", "-q", "-m", "Begin")
    stage.git("push", "-q", "origin", "main")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {
        "PATH": programs,
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "DEPLOY_OPTIONS": " ".join(stage.options("process")),
        "DAYS_TO_SELL_PACKAGES": STORE,
    }
    remote.deploys(["./deploy.sh"], {**stage.s3.variables, **variables})

    target = ProcessTarget(stage.site)
    first = stage.commit(target)
    wait_for(remote, first.commit)
    assert stage.serves("1"), remote.log.read_text(encoding="utf-8")
    stage.promote("2")
    second = stage.commit(target)
    wait_for(remote, second.commit)
    assert stage.serves("2"), remote.log.read_text(encoding="utf-8")

    # Whatever is on S3 by then: a rollback must not need it.
    for found in stage.s3.client.list_objects_v2(Bucket="models", Prefix="released/")["Contents"]:
        stage.s3.client.delete_object(Bucket="models", Key=found["Key"])
    stage.git("pull", "-q", "origin", "main")
    stage.git("revert", "--no-edit", "HEAD")
    stage.git("push", "-q", "origin", "main")
    wait_for(remote, stage.git("rev-parse", "HEAD"))
    said = remote.log.read_text(encoding="utf-8")
    assert stage.serves("1"), said
    assert "preprod" not in said.rpartition("ended with 0")[0].rpartition("ended with 0")[2]

    record = read_file(stage.clone / "models" / f"{stage.model}.json")
    ports = stage.options("process")[4:]
    told = CliRunner().invoke(deployment, ["status", str(stage.clone / record.path), *ports])
    assert told.exit_code == 0, told.output


def test_an_image_is_published_once_and_run_by_its_digest(
    stage: Stage,
    engine: docker.DockerClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Built where the release is, named by digest in the commit, pulled and run where it is deployed."""
    if not ImageRegistry.is_here():
        pytest.skip("needs an image registry: docker-registry, of the Debian package of that name")
    target = DockerTarget(engine, stage.site)
    with ImageRegistry(tmp_path / "images", free_port()) as images:
        try:
            made = stage.commit(target, images.place)
            assert made.record.image.startswith(f"{images.place}/")
            assert not stage.commit(target, images.place).changed
            for image in mine(engine, stage.model):
                engine.images.remove(image, force=True)
            file = tmp_path / "models" / f"{stage.model}.json"
            file.parent.mkdir()
            file.write_text(made.record.to_text(), encoding="utf-8")
            for name, value in (
                ("PACKAGES", STORE),
                ("IMAGE_REGISTRY", images.place),
                ("S3_ENDPOINT", stage.s3.endpoint),
            ):
                monkeypatch.setenv(f"DAYS_TO_SELL_{name}", value)
            done = CliRunner().invoke(deployment, ["apply", str(file), *stage.options("docker")])
            assert done.exit_code == 0, done.output
            assert "pulling image" in done.output
            assert "building image" not in done.output
            assert stage.serves("1")
            other = make_package(tmp_path / "other", model=stage.model, intercept=77.0)
            with pytest.raises(PublishError, match="another image than was said"):
                take_image(engine, made.record.image, other, "1", "python", print)
        finally:
            target.stop()
            for image in mine(engine, stage.model):
                engine.images.remove(image, force=True)


def mine(engine: docker.DockerClient, model: str) -> set[str]:
    """Name the images of a model in the engine."""
    found = engine.images.list(filters={"label": f"{MODEL_LABEL}={model}"})
    return {str(each.id) for each in found}
