"""The main job, step by step, with the time each part took."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import mlflow

from days_to_sell.cli.demo.mlflow_server import MlflowServer
from days_to_sell.cli.demo.questions import ask, to_table
from days_to_sell.cli.programs import run_project
from days_to_sell.cli.release import release_production
from days_to_sell.cli.summaries import write_summary
from days_to_sell.models import Model, find_model
from days_to_sell.registry.versions import Registry
from days_to_sell.release.choose import Choice, choose_target, stop_all
from days_to_sell.release.outcome import Release
from days_to_sell.release.packages import fetch_package
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION
from days_to_sell.settings import PREFIX

STEPS = 5


@dataclass
class Demo:
    """One run of the main job.

    Args:
        folder: Model folder.
        file: File that the model's example imports.
        adverts: Adverts to generate.
        choice: Where to deploy.
        site: What the target stands on.
        server: The MLflow server.
        home: Folder of everything the demo writes.
        setup_seconds: What setting up took before.
    """

    folder: str
    file: Path | None
    adverts: int
    choice: Choice
    site: Site
    server: MlflowServer
    home: Path
    setup_seconds: int
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Run all steps, print the table and write ``summary.json``."""
        started = time.monotonic()
        model = find_model(self.folder)
        self._make_room(model)
        self._require_ports(model)
        wait_for_mlflow = self.server.launch(click.echo)
        os.environ["MLFLOW_TRACKING_URI"] = self.server.url
        os.environ[f"{PREFIX}EVENT_LOG"] = self.server.database
        mlflow.set_tracking_uri(self.server.url)
        with self._timed("data"):
            self._write_lake(model)
        wait_for_mlflow()
        with self._timed("train"):
            trained = self._train(model)
        # The project builds the data too, and knows how long that took.
        building = trained.pop("seconds")["data"]
        self.seconds["data"] += building
        self.seconds["train"] -= building
        with self._timed("release"):
            released = self._release(model, trained["version"])
        self._ask(model, released)
        self.seconds["setup"] = float(self.setup_seconds)
        self.seconds["total"] = self.setup_seconds + time.monotonic() - started
        self._write_summary(trained, released)

    def _make_room(self, model: Model) -> None:
        """End the demo of another model, which holds the same ports."""
        others = self.site.workspace / "model"
        if others.exists() and others.read_text(encoding="utf-8") != model.spec.name:
            for ended in stop_all(self.site):
                click.secho(
                    f"ended {ended} of an earlier demo, to make room for {model.spec.name}", bold=True
                )
        others.parent.mkdir(parents=True, exist_ok=True)
        others.write_text(model.spec.name, encoding="utf-8")

    def _require_ports(self, model: Model) -> None:
        """Find out now, not after training, that a port is taken."""
        target, _ = choose_target(self.choice, self.site)
        for environment in (PREPROD, PRODUCTION):
            target.reserve(model.spec.name, environment)

    def _write_lake(self, model: Model) -> None:
        _step(1, "write the lake")
        snapshot = model.write_example_lake(self._lake, data=self.file, adverts=self.adverts, seed=20)
        click.echo(f"lake {self._lake}, snapshot {snapshot}")

    def _train(self, model: Model) -> dict[str, Any]:
        _step(2, "run the MLflow Project: check sources, build training data, compare candidates, register")
        summary = self.home.resolve() / "training.json"
        summary.unlink(missing_ok=True)
        parameters = {
            "model": self.folder,
            "lake": str(self._lake),
            "training_data": str(self.home.resolve() / "training-data"),
            "summary": str(summary),
        }
        run_project(self.site.project, model.spec.name, f"retrain {model.spec.name}", parameters)
        trained: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
        return trained

    def _release(self, model: Model, version: str) -> Release:
        _step(3, f"promote version {version} to Production")
        Registry().promote(model.spec.name, version)
        click.echo(f"{model.spec.name} version {version}: stage Production, alias production")
        _step(4, "reconcile: build the scoring container, prove it in preprod and in production")
        return release_production(model.spec.name, self.choice, self.site)

    def _ask(self, model: Model, released: Release) -> None:
        _step(5, "ask the service")
        registry = Registry()
        package = fetch_package(
            registry, registry.version(released.model, released.version), self.site.workspace
        )
        answers = ask(released.url, package.golden, model.spec.what_if)
        click.echo(to_table(answers, package.contract))
        click.secho(f"\nservice  {released.url}\nMLflow   {self.server.url}", bold=True)
        click.echo("Both are left running; make stop ends them.")

    def _write_summary(self, trained: dict[str, Any], released: Release) -> None:
        flavors = mlflow.models.get_model_info(f"models:/{released.model}/{released.version}").flavors
        content = {
            **trained,
            "flavors": sorted(flavors),
            "target": released.target,
            "image": released.image,
            "image_bytes": {"total": released.size.total, **released.size.parts} if released.size else None,
            "service_url": released.url,
            "mlflow_url": self.server.url,
            "golden": {"rows": released.proof.rows, "max_rel_error": released.proof.max_rel_error},
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }
        target = self.home / "summary.json"
        write_summary(target, content)
        taken = ", ".join(f"{name} {value:.0f} s" for name, value in self.seconds.items())
        click.echo(f"summary  {target} ({taken})")

    @property
    def _lake(self) -> Path:
        return self.home.resolve() / self.folder / "lake"

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def _step(number: int, title: str) -> None:
    click.secho(f"[{number}/{STEPS}] {title}", bold=True)
