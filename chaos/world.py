"""The real parts: an MLflow server with our store, the daemon, and what they made serve."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from mlflow import MlflowClient

from chaos.judge import Seen
from chaos.places import Place, TargetName, place_of
from chaos.versions import Version, register
from days_to_sell.errors import EnvironmentProblem
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.versions import STAGE
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.machine import place as places
from days_to_sell.release.machine.past import Past
from days_to_sell.release.project import project_root
from days_to_sell.release.service import answering, http_session
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION
from days_to_sell.settings import Settings
from stack.ports import free_port
from stack.program import Program

# It has a spec, else the store would gate nothing; the demo's own containers have another model's name.
MODEL = "dealer-stock"
START_SECONDS, POLL_SECONDS, LOG_CHARACTERS = 120.0, 0.1, 2_000
# Short, so that a run meets many lives of the daemon.
LEASE_SECONDS, EVERY_SECONDS = 3, 2
STRAY_SECONDS = 15.0


@dataclass
class World:
    """All parts of a run, in one folder.

    Args:
        folder: Of this run alone.
        target: What versions are deployed to.
    """

    folder: Path
    target: TargetName
    port: int = field(default_factory=free_port)
    preprod_port: int = field(default_factory=free_port)
    server_port: int = field(default_factory=free_port)
    versions: tuple[Version, ...] = ()

    def __post_init__(self) -> None:
        """Say how the programs are started; nothing runs yet."""
        self.database = f"sqlite:///{self.folder / 'mlflow.db'}"
        self.server = Program("server", self._server(), self.folder, self._variables())
        self.daemon = Program("daemon", self._daemon(), self.folder, self._variables())
        addresses = Addresses(ports={PRODUCTION: self.port, PREPROD: self.preprod_port})
        site = Site(Settings.from_env(), project_root(), self.folder / "place", addresses, lambda _: None)
        self.place: Place = place_of(self.target, site, MODEL)
        self.site = site

    @property
    def url(self) -> str:
        """Where the MLflow server answers."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def _drafts(self) -> Path:
        return self.folder / "tmp"

    def begin(self, versions: int) -> None:
        """Start everything, with so many versions that may go to Production.

        Raises:
            EnvironmentProblem: The server does not answer.
        """
        self._drafts.mkdir(parents=True, exist_ok=True)
        self.server.start()
        self.await_server()
        self.log = EventLog.open(self.database)
        client = MlflowClient(self.url, self.url)
        self.versions = register(client, self.log, MODEL, versions, self.folder)
        self.daemon.start()

    def await_server(self) -> None:
        """Wait until the server answers.

        Raises:
            EnvironmentProblem: It does not.
        """
        if not within(START_SECONDS, self._healthy):
            said = self.server.log.read_text(encoding="utf-8", errors="replace")[-LOG_CHARACTERS:]
            raise EnvironmentProblem(f"the MLflow server at {self.url} does not answer: {said}")

    def mend(self) -> list[str]:
        """Start whatever is dead, and name it.

        Raises:
            EnvironmentProblem: The server does not answer.
        """
        dead = [program.name for program in (self.server, self.daemon) if program.start()]
        self.await_server()
        return dead

    def settled(self) -> bool:
        """Whether what is in Production is released, answers, and nothing else is under way."""
        past = Past.read(self.log, MODEL, places.place_of(self.site.workspace))
        serving = answering(self.site.addresses.url(PRODUCTION))
        if serving is None or past.last_released is None or past.unfinished is not None:
            return False
        return past.last_released.version == serving.version == self._alias()

    def seen(self) -> Seen:
        """Look at everything, for the judge."""
        asked = {"filter": f"name = '{MODEL}'", "max_results": 1000}
        found = self._asked("model-versions/search", asked) or {}
        # Workers whose master was killed end by themselves, within a second or two.
        within(STRAY_SECONDS, lambda: not self.place.strays())
        staged = [str(each["version"]) for each in found.get("model_versions", ()) if in_stage(each)]
        return Seen(
            events=self.log.read(MODEL),
            faults=[str(fault) for fault in self.log.verify(MODEL)],
            alias=self._alias(),
            staged=tuple(staged),
            serving=answering(self.site.addresses.url(PRODUCTION)),
            images=self.place.images(MODEL, self.versions),
            strays=self.place.strays(),
        )

    def end(self) -> None:
        """End and remove all that was started; logs and database stay in the folder."""
        with ExitStack() as stack:
            stack.callback(self.place.clear, self.versions)
            stack.callback(self.server.end)
            stack.callback(self.daemon.end)

    def _healthy(self) -> bool:
        try:
            with http_session() as session:
                return session.get(f"{self.url}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def _alias(self) -> str | None:
        found = self._asked("registered-models/alias", {"name": MODEL, "alias": PRODUCTION})
        return str(found["model_version"]["version"]) if found else None

    def _asked(self, path: str, question: dict[str, Any]) -> dict[str, Any] | None:
        """Ask the registry; ``None`` where it does not answer, or has nothing of that name."""
        try:
            with http_session() as session:
                reply = session.get(f"{self.url}/api/2.0/mlflow/{path}", params=question, timeout=30)
            return dict(reply.json()) if reply.ok else None
        except (requests.RequestException, ValueError):
            return None

    def _server(self) -> list[str]:
        return [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
            *("--port", str(self.server_port), "--workers", "1"),
            *("--backend-store-uri", self.database, "--registry-store-uri", f"dts+{self.database}"),
            *("--artifacts-destination", str(self.folder / "artifacts")),
        ]

    def _daemon(self) -> list[str]:
        return [
            *(sys.executable, "-m", "days_to_sell.cli", "release", MODEL, "--watch"),
            *("--target", self.target, "--port", str(self.port), "--preprod-port", str(self.preprod_port)),
            *("--workspace", str(self.folder / "place")),
            *("--lease", str(LEASE_SECONDS), "--every", str(EVERY_SECONDS)),
        ]

    def _variables(self) -> dict[str, str]:
        named = {
            "MLFLOW_TRACKING_URI": self.url,
            "DAYS_TO_SELL_EVENT_LOG": self.database,
            # Its jobs evaluate language models; they would be five more processes.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PYTHONUNBUFFERED": "1",
            # What a killed program was about to build stays, and goes with the folder of the run.
            "TMPDIR": str(self._drafts),
        }
        return {**os.environ, **named}


def in_stage(version: dict[str, Any]) -> bool:
    """Tell whether the registry has a version in the stage of Production."""
    return bool(version.get("current_stage") == STAGE)


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Wait for something to come about; tell whether it did."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
