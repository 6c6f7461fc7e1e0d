"""The two sides: a run of the project and a run of the notebook, each with its own data and process."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from days_to_sell.cli.equivalence.seeding import copy_with_difference
from days_to_sell.cli.equivalence.verdict import Verdict, compare_data, compare_sides
from days_to_sell.cli.notebooks import find
from days_to_sell.cli.notebooks.batch import SEED
from days_to_sell.cli.notebooks.execution import execute
from days_to_sell.cli.notebooks.workshop import Workshop
from days_to_sell.cli.programs import run_project
from days_to_sell.models import Model, find_model
from days_to_sell.release.project import project_root

NOTEBOOK = "3-experiments"
SIDES = ("notebook", "project")


@dataclass(frozen=True)
class Sides:
    """Runs both sides below one folder, and compares them.

    Args:
        home: The folder.
        folder: Folder of the model.
        report: Takes lines of progress.
    """

    home: Path
    folder: str
    report: Callable[[str], None]

    def run(self, lake: Path | None, adverts: int, *, again: bool, seeded: bool) -> Verdict:
        """Run what is asked for and judge.

        Args:
            lake: The lake; an example is written when not given.
            adverts: Adverts of the example.
            again: Whether to keep the project's run, and its lake, that an earlier call left.
            seeded: Whether to change one value in the notebook's copy of the lake.
        """
        model, workshop = find_model(self.folder), Workshop(self.home)
        summary = self.home.resolve() / "project.json"
        if again and not summary.exists():
            raise click.UsageError(f"{self.home} holds no run of the project yet; leave --again out")
        root = (lake or self.home / "lake").resolve()
        if not again:
            workshop.clear(model.spec.name)
            summary.unlink(missing_ok=True)
            if lake is None:
                model.write_example_lake(root, data=None, adverts=adverts, seed=SEED)
            self._run_project(model, workshop, root, summary)
        whole = self._run_notebook(model, workshop, root, seeded=seeded)
        if not whole:
            self.report("the notebook ended there: other training data make another model")
            return compare_data(*(self._trained_on(side) for side in SIDES))
        return compare_sides(model.spec, workshop.store, summary, NOTEBOOK)

    def _run_project(self, model: Model, workshop: Workshop, lake: Path, summary: Path) -> None:
        started = time.monotonic()
        parameters = {
            "model": self.folder,
            "lake": str(lake),
            "training_data": str(self._new_training_data("project")),
            "summary": str(summary),
        }
        store = {"MLFLOW_TRACKING_URI": workshop.store}
        run_project(project_root(), model.spec.name, f"retrain {model.spec.name}", parameters, store)
        self.report(f"the project ran for {time.monotonic() - started:.0f} s")

    def _run_notebook(self, model: Model, workshop: Workshop, lake: Path, *, seeded: bool) -> bool:
        """Run it to its end, or until its training data are others than the project's."""
        (book,) = find((NOTEBOOK,))
        if seeded:
            own = self.home.resolve() / "lake-with-difference"
            trained = self._trained_on("project")
            changed = copy_with_difference(lake, own, model.spec, trained / "rows")
            self.report(f"seeded difference: {changed}")
            lake = own
        environment = workshop.environment(str(lake), self._new_training_data("notebook"), {})
        done = execute(book, self.home, environment, report=self.report, enough=self._data_differ)
        self.report(f"the notebook ran for {done.seconds:.0f} s, see {done.page}")
        return done.whole

    def _new_training_data(self, side: str) -> Path:
        """Give a folder of training sets that is new, so that neither side opens what the other built."""
        folder = self._training_data(side)
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def _training_data(self, side: str) -> Path:
        return self.home.resolve() / f"{side}-training-data"

    def _manifests(self, side: str) -> list[Path]:
        return list(self._training_data(side).glob("*/*/manifest.json"))

    def _trained_on(self, side: str) -> Path:
        (manifest,) = self._manifests(side)
        return manifest.parent

    def _data_differ(self) -> bool:
        """Tell whether both sides have training data, and these are not the same."""
        manifests = [manifest for side in SIDES for manifest in self._manifests(side)]
        return len({json.loads(each.read_text(encoding="utf-8"))["digest"] for each in manifests}) > 1
