"""Programs that release from a real MLflow server, and that can be stopped or killed at a chosen place."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests
from mlflow import MlflowClient

from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.process.target import ProcessTarget
from days_to_sell.release.project import project_root
from days_to_sell.release.service import answering
from days_to_sell.release.site import Site
from days_to_sell.settings import Settings
from stack.ports import free_port
from tests.mlflow_servers import GatedServer
from tests.registered import log_package, open_gates, register

SECONDS, LEASE = 90, 3.0
EVERYTHING = """
import os, signal, sqlite3, sys, threading
from days_to_sell.cli import main
from days_to_sell.release.machine import steps
"""
# Once, before the step is done: a program that was stopped goes on from here when it is woken. It stops right
# after a moment in which nobody wrote to the log: one that falls asleep as it writes holds up others.
AT = """
do = steps.{step}.do
def first(step):
    steps.{step}.do = do
    log = os.environ["DAYS_TO_SELL_EVENT_LOG"].removeprefix("sqlite:///")
    log = sqlite3.connect(log, timeout=30, isolation_level=None)
    log.execute("BEGIN IMMEDIATE")
    log.execute("ROLLBACK")
    signal.pthread_kill(threading.get_ident(), signal.{signal})
    return do(step)
steps.{step}.do = first
"""


@dataclass
class Place:
    """A place that is deployed to, by programs over a real server.

    Args:
        server: Where versions are registered.
        model: Name of the registered model.
        folder: Where the programs run.
    """

    server: GatedServer
    model: str
    folder: Path
    port: int = field(default_factory=free_port)
    preprod_port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def client(self) -> MlflowClient:
        """A client of the server."""
        return MlflowClient(self.server.url)

    @property
    def log(self) -> EventLog:
        """The event log, which lies in the server's own database."""
        return EventLog.open(self.server.database)

    @property
    def options(self) -> tuple[str, ...]:
        """Where releases go."""
        ports = ("--port", str(self.port), "--preprod-port", str(self.preprod_port))
        return ("--target", "process", *ports, "--workspace", str(self.folder / "place"))

    @property
    def environment(self) -> dict[str, str]:
        """What programs run in."""
        named = {"MLFLOW_TRACKING_URI": self.server.url, "DAYS_TO_SELL_EVENT_LOG": self.server.database}
        return os.environ | named

    def register(self, count: int) -> list[str]:
        """Register versions that may go to Production, all of the same bytes."""
        experiment = self.client.create_experiment(f"{self.model} {self.folder}")
        source, package = log_package(
            self.client, self.folder / "package", model=self.model, experiment=experiment
        )
        versions = [register(self.client, self.model, source) for _ in range(count)]
        if self.model == "days-to-sell":
            open_gates(self.server.database, self.model, versions, package.digest)
        return versions

    def stage(self, version: str) -> None:
        """Put a version in Production by the stage, as any client may."""
        path = "api/2.0/mlflow/model-versions/transition-stage"
        body = {
            "name": self.model,
            "version": version,
            "stage": "Production",
            "archive_existing_versions": True,
        }
        requests.post(f"{self.server.url}/{path}", json=body, timeout=SECONDS).raise_for_status()

    def alias(self, version: str) -> None:
        """Put a version in Production by the alias."""
        self.client.set_registered_model_alias(self.model, "production", version)

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

    def watch(self, *more: str, at: str = "", signal: str = "") -> subprocess.Popen[bytes]:
        """Start a daemon; it sends itself a signal at a step, if one is named."""
        arguments = ["release", self.model, "--watch", "--lease", str(LEASE), *self.options, *more]
        trap = textwrap.dedent(AT).format(step=at, signal=signal) if at else ""
        code = f'{EVERYTHING}{trap}\nsys.argv = ["days-to-sell", *{arguments!r}]\nmain()\n'
        with (self.folder / f"daemon-{len(self.running)}.log").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
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

    def released(self, version: str) -> bool:
        """Whether a version answers, and the log says once that it does."""
        return self.serving() == version and len(self.events(Kind.RELEASED, version)) == 1

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that has to come about."""
        deadline = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < deadline, "\n".join(map(self.said, range(len(self.running))))
            time.sleep(0.1)

    def events(self, kind: Kind, version: str | None = None) -> list[Event]:
        """Events of a kind."""
        return self.log.read(self.model, version=version, kinds=(kind,))

    def clear(self) -> None:
        """End all that was started."""
        for process in self.running:
            process.kill()
            process.wait()
        addresses = Addresses(ports={"production": self.port, "preprod": self.preprod_port})
        ProcessTarget(Site(Settings(), project_root(), self.folder / "place", addresses, print)).stop()
