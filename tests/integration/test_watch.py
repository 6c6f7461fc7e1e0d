"""Releases as programs of their own, over a real MLflow store and real services: killed, doubled, undone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from mlflow import MlflowClient
from mlflow.webhooks.delivery import _generate_hmac_signature

from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.machine.place import lease_name, place_of
from days_to_sell.release.process_target import ProcessTarget
from days_to_sell.release.project import project_root
from days_to_sell.release.service import answering
from days_to_sell.release.site import Site
from days_to_sell.release.watching.webhook import DELIVERY, SIGNATURE, TIMESTAMP
from days_to_sell.settings import Settings
from tests.packages import make_package
from tests.ports import free_port

pytestmark = [pytest.mark.parts, pytest.mark.timeout(300)]
MODEL, SECRET = "tiny-model", "a secret of tests"
SECONDS = 90


@dataclass
class Home:
    """A folder with a registry of three versions, and the programs that release from it.

    Args:
        folder: Where they run.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    preprod_port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def store(self) -> str:
        """Address of the registry."""
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    @property
    def client(self) -> MlflowClient:
        """A client of it."""
        return MlflowClient(self.store)

    @property
    def log(self) -> EventLog:
        """The event log, which lies in the registry's own database."""
        return EventLog.open(self.store)

    @property
    def options(self) -> tuple[str, ...]:
        """Where releases go."""
        ports = ("--port", str(self.port), "--preprod-port", str(self.preprod_port))
        return ("--target", "process", *ports, "--workspace", str(self.folder / "work"))

    @property
    def environment(self) -> dict[str, str]:
        """What programs run in."""
        return os.environ | {"MLFLOW_TRACKING_URI": self.store}

    def promote(self, version: str) -> None:
        """Put a version in Production."""
        Registry(self.client).promote(MODEL, version)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "days_to_sell.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def die(self, where: str) -> None:
        """Run a release that kills itself with -9 at a place in the code."""
        arguments = ["release", MODEL, *self.options]
        code = f"""
            import os, signal, sys
            from days_to_sell.cli import main
            from days_to_sell.release.machine import steps
            def die(*arguments):
                os.kill(os.getpid(), signal.SIGKILL)
            steps.{where} = die
            sys.argv = ["days-to-sell", *{arguments!r}]
            main()
        """
        killed = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=self.folder,
            env=self.environment,
            check=False,
            timeout=SECONDS,
        )
        assert killed.returncode == -signal.SIGKILL

    def watch(self, *more: str) -> subprocess.Popen[str]:
        """Start a daemon."""
        output = (self.folder / f"daemon-{len(self.running)}.log").open("w", encoding="utf-8")
        with output:
            process = subprocess.Popen(
                [sys.executable, "-m", "days_to_sell.cli", "release", MODEL, "--watch", *self.options, *more],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.running.append(process)
        return process

    def said(self, number: int) -> str:
        """What a daemon wrote so far."""
        return (self.folder / f"daemon-{number}.log").read_text(encoding="utf-8")

    def serving(self) -> str | None:
        """Version that answers in production."""
        found = answering(f"http://127.0.0.1:{self.port}")
        return found.version if found else None

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that has to come about."""
        deadline = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < deadline, "\n".join(map(self.said, range(len(self.running))))
            time.sleep(0.1)

    def events(self, kind: Kind, version: str | None = None) -> list[Event]:
        """Events of a kind."""
        return self.log.read(MODEL, version=version, kinds=(kind,))


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three versions, registered from logged models."""
    folder = tmp_path_factory.mktemp("store")
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    artifacts = (folder / "artifacts").as_uri()
    experiment = client.create_experiment("tests", artifact_location=artifacts)
    client.create_registered_model(MODEL)
    for number in (1, 2, 3):
        logged = client.create_logged_model(experiment, name=f"model-{number}")
        location = Path(logged.artifact_location.removeprefix("file://"))
        make_package(location / MODEL_DATA_SUBPATH, intercept=10.0 * number)
        client.create_model_version(MODEL, f"models:/{logged.model_id}", model_id=logged.model_id)
    return folder


@pytest.fixture
def home(versions: Path, tmp_path: Path) -> Iterator[Home]:
    """A copy of the store, of which version 1 serves; all that is started ends with the test."""
    shutil.copy(versions / "mlflow.db", tmp_path / "mlflow.db")
    home = Home(tmp_path)
    try:
        home.promote("1")
        released = home.run("release", MODEL, *home.options)
        assert released.returncode == 0, released.stdout + released.stderr
        assert home.serving() == "1"
        yield home
    finally:
        for process in home.running:
            process.kill()
            process.wait()
        addresses = Addresses(ports={"production": home.port, "preprod": home.preprod_port})
        ProcessTarget(Site(Settings(), project_root(), tmp_path / "work", addresses, print)).stop()


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("ReplayArtifact.do", id="between-image-and-replay"),
        pytest.param("Verify.do", id="while-the-candidate-serves-unproven"),
    ],
)
def test_a_release_that_is_killed_is_continued_by_the_next(home: Home, where: str) -> None:
    """Killed with -9: something proven or about to be proven answers, and the next run ends right, once."""
    home.promote("2")
    home.die(where)
    assert home.serving() in ("1", "2")
    again = home.run("release", MODEL, *home.options)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "package: done before, and still so" in again.stdout
    assert home.serving() == "2"
    assert len(home.events(Kind.RELEASED, "2")) == 1
    assert {row.body["release"] for row in home.events(Kind.STEP, "2")} == {
        home.events(Kind.RELEASED, "2")[0].body["release"]
    }
    assert home.log.verify(MODEL) == []
    assert "nothing to do" in home.run("release", MODEL, *home.options).stdout


def test_a_rollback_is_live_and_written_down(home: Home) -> None:
    """From the command line, with the package that was kept; the seconds are in the log."""
    home.promote("2")
    assert home.run("release", MODEL, *home.options).returncode == 0
    began = time.monotonic()
    back = home.run("rollback", MODEL, "--reason", "prices of vans are wrong", *home.options)
    took = time.monotonic() - began
    assert back.returncode == 0, back.stdout + back.stderr
    assert home.serving() == "1"
    production = Registry(home.client).production(MODEL)
    assert production is not None
    assert production.version == "1"
    (event,) = home.events(Kind.ROLLED_BACK)
    print(f"rolled back in {event.body['seconds']:.2f} s, {took:.2f} s with the program's own start")
    status = json.loads(home.run("release", "status", "--json", *home.options[-2:]).stdout)
    assert [each["state"] for each in status["steps"] if each["step"] == "release"] == ["rolled back"]
    nowhere = home.run("rollback", MODEL, "--reason", "again", *home.options)
    assert nowhere.returncode == 1
    assert "name one: days-to-sell rollback" in nowhere.stderr


def test_a_second_daemon_takes_over_from_one_that_was_killed(home: Home) -> None:
    """Both watch; the first is killed with -9, a version is promoted, and the second releases it, once."""
    first = home.watch("--every", "1")
    home.until(lambda: "at work" in home.said(0) and "version 1 serves" in home.said(0))
    second = home.watch("--every", "1")
    home.until(lambda: "standing by, waiting: " in home.said(1))
    home.promote("2")
    home.until(lambda: home.serving() == "2" and len(home.events(Kind.RELEASED, "2")) == 1)
    assert "at work" not in home.said(1)
    first.kill()
    home.promote("3")
    home.until(lambda: len(home.events(Kind.RELEASED, "3")) == 1)
    assert home.serving() == "3"
    second.terminate()
    assert second.wait(timeout=SECONDS) == 0
    assert home.said(1).rstrip().endswith("ended")
    assert home.serving() == "3"
    assert [len(home.events(Kind.RELEASED, number)) for number in "123"] == [1, 1, 1]


def test_a_signed_hint_makes_the_daemon_look_now(home: Home) -> None:
    """Its own next look would come in an hour; a forged hint changes nothing."""
    secret, port = home.folder / "secret", free_port()
    secret.write_text(f"{SECRET}\n", encoding="ascii")
    home.watch("--every", "3600", "--webhook-port", str(port), "--webhook-secret", str(secret))
    home.until(lambda: "version 1 serves" in home.said(0))
    home.promote("2")

    def deliver(key: str, delivery: str) -> int:
        body, at = json.dumps({"data": {"name": MODEL}}), str(int(time.time()))
        signature = _generate_hmac_signature(key, delivery, at, body)
        headers: dict[str, Any] = {DELIVERY: delivery, TIMESTAMP: at, SIGNATURE: signature}
        return requests.post(f"http://127.0.0.1:{port}", data=body, headers=headers, timeout=10).status_code

    assert deliver("another secret", "d-1") == 401
    assert deliver(SECRET, "d-2") == 200
    home.until(lambda: home.serving() == "2" and len(home.events(Kind.RELEASED, "2")) == 1)


def test_a_release_that_another_holds_says_so_by_its_exit_code(home: Home) -> None:
    """Codes tell what to do: wait for the holder, mend what is down, or look at the version."""
    home.promote("2")
    name = lease_name("release", MODEL, place_of(home.folder / "work"))
    lease = home.log.leases.acquire(name, "somebody else", 60)
    held = home.run("release", MODEL, "--wait", "0.5", *home.options)
    assert (held.returncode, home.serving()) == (3, "1")
    assert "somebody else holds the lease" in held.stderr
    assert lease is not None
    home.log.leases.release(lease)
    assert home.run("release", "unknown-model", *home.options).returncode == 4
