"""A model of ours in a gated server: versions with open or shut gates, and what became of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from mlflow import MlflowClient

from days_to_sell.registry.events.event import Event
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from tests.mlflow_servers import SECONDS, GatedServer
from tests.packages import make_package
from tests.registered import log_package, open_gates, register

MODEL = "days-to-sell"
ADMIN, PASSWORD = "admin", "a-password-of-tests"


@dataclass(frozen=True)
class Registered:
    """What is registered in a server.

    Args:
        server: The server.
        client: A client of it.
        log: The event log in its database.
        experiment: Experiment that its models are logged to.
        source: A logged model with a sound package.
        digest: Digest of that package.
        verified: Whether the server checks logins.
    """

    server: GatedServer
    client: MlflowClient
    log: EventLog
    experiment: str
    source: str
    digest: str
    verified: bool

    def post(
        self,
        path: str,
        body: str,
        *,
        verb: str = "POST",
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] = (ADMIN, PASSWORD),
    ) -> requests.Response:
        """Send a request as any client may."""
        return requests.request(
            verb,
            f"{self.server.url}/{path}",
            data=body,
            headers={"Content-Type": "application/json", **(headers or {})},
            auth=login,
            timeout=SECONDS,
        )

    def promote(
        self,
        version: str,
        *,
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] = (ADMIN, PASSWORD),
    ) -> requests.Response:
        """Ask for the stage."""
        body = {"name": MODEL, "version": version, "stage": "Production", "archive_existing_versions": True}
        return self.post(
            "api/2.0/mlflow/model-versions/transition-stage", json.dumps(body), headers=headers, login=login
        )

    def withdraw(self) -> None:
        """Leave Production empty."""
        for version in self.state()[0]:
            self.client.transition_model_version_stage(MODEL, version, "Archived")

    def versions(self, count: int, *, gates_open: bool = True) -> list[str]:
        """Register versions of the sound package."""
        made = [register(self.client, MODEL, self.source) for _ in range(count)]
        if gates_open:
            open_gates(self.server.database, MODEL, made, self.digest)
        return made

    def damaged_version(self) -> str:
        """Register a version of whose package one file was cut, with open gates."""
        return self._changed("damaged", lambda package: (package / "golden.jsonl").write_text("{}\n"))

    def exchanged_version(self) -> str:
        """Register a version whose package was exchanged for another whole one, with open gates."""

        def exchange(package: Path) -> None:
            shutil.rmtree(package)
            make_package(package, model=MODEL, intercept=99.0)

        return self._changed("exchanged", exchange)

    def other_version(self) -> tuple[str, str]:
        """Register a version of another sound package, with shut gates, and give its number and digest."""
        source, package = log_package(
            self.client, self.server.home / "other", model=MODEL, experiment=self.experiment, intercept=13.0
        )
        return register(self.client, MODEL, source), package.digest

    def version_elsewhere(self, folder: Path) -> str:
        """Register a version of an experiment that keeps its files outside the server's artifact root."""
        experiment = self.client.create_experiment(
            f"at {folder}", artifact_location=f"s3://{folder.name}/lake"
        )
        logged = self.client.create_logged_model(experiment, name="model")
        self.client.finalize_logged_model(logged.model_id, "READY")
        return register(self.client, MODEL, logged.model_uri)

    def state(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """Give the versions in the stage, and the aliases."""
        found = self.client.search_model_versions(f"name = '{MODEL}'", max_results=1000)
        staged = tuple(str(v.version) for v in found if v.current_stage == "Production")
        aliases = self.client.get_registered_model(MODEL).aliases
        return staged, {alias: str(version) for alias, version in aliases.items()}

    def now(self) -> int:
        """Give the place of the newest event."""
        return max((event.position for event in self.log.read(MODEL)), default=0)

    def events(self, after: int) -> list[Event]:
        """Read the events since then, from a chain that holds."""
        assert self.log.verify(MODEL) == []
        return self.log.read(MODEL, after=after)

    def _changed(self, name: str, change: Callable[[Path], object]) -> str:
        source, package = log_package(
            self.client, self.server.home / name, model=MODEL, experiment=self.experiment
        )
        version = register(self.client, MODEL, source)
        open_gates(self.server.database, MODEL, [version], package.digest)
        logged = source.removeprefix("models:/")
        (kept,) = (self.server.home / "artifacts").rglob(f"models/{logged}/artifacts/{MODEL_DATA_SUBPATH}")
        change(kept)
        return version


def prepare(server: GatedServer, *, verified: bool = False) -> Registered:
    """Register the model in a server that runs."""
    client = MlflowClient(server.url)
    experiment = client.create_experiment("gated")
    source, package = log_package(client, server.home / "package", model=MODEL, experiment=experiment)
    client.create_registered_model(MODEL)
    log = EventLog.open(server.database)
    return Registered(server, client, log, experiment, source, package.digest, verified)
