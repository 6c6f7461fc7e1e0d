"""What the environment of Airflow decides about the DAGs: one frozen value, read when they are built."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from days_to_sell.errors import SettingsError

PREFIX = "DAYS_TO_SELL_DAGS_"
PROJECT = Path(__file__).parents[2]
MODEL = "{model}"


@dataclass(frozen=True)
class Wiring:
    """Where things are and how long they may take; each field is read from ``DAYS_TO_SELL_DAGS_<FIELD>``.

    Args:
        project: Folder of the MLflow Project.
        toolkit: Folder of the toolkit's programs, ``mlflow`` and ``days-to-sell``.
        lake: Root of the lake; ``{model}`` in it stands for the model folder.
        training_data: Folder of training sets, which every worker has to reach.
        master: Where Spark runs.
        schedule: When a snapshot is due, as cron in UTC; empty where runs are only started by hand.
        start: First day of the schedule.
        catchup: Whether days of the schedule before a DAG was switched on are made up for.
        promote: Whether a version with green gates goes to Production by itself.
        repository: Git repository of deployments; empty for none.
        branch: Its branch; its default when empty.
        packages: Where model packages are put for deployments, such as ``s3://models``.
        poke_seconds: How long the lake is left alone between two looks.
        patience_seconds: How long a source is waited for.
        deadline_seconds: After how long a run that has not ended is told of.
        step_seconds: How long a step may take.
        retries: How often a step is tried again.
        retry_seconds: How long until the first retry; it doubles with each.
    """

    project: str = str(PROJECT)
    toolkit: str = str(PROJECT / ".venv" / "bin")
    lake: str = str(PROJECT / "build" / "lake" / MODEL)
    training_data: str = str(PROJECT / "build" / "training-data")
    master: str = "local[*]"
    schedule: str = "0 0 L * *"
    start: date = field(default=date(2025, 1, 1))
    catchup: bool = False
    promote: bool = False
    repository: str = ""
    branch: str = ""
    packages: str = ""
    poke_seconds: int = 60
    patience_seconds: int = 3 * 24 * 3600
    deadline_seconds: int = 12 * 3600
    step_seconds: int = 6 * 3600
    retries: int = 2
    retry_seconds: int = 300

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Wiring:
        """Read the wiring from environment variables.

        Raises:
            SettingsError: A variable holds a value of the wrong kind; the message names it.
        """
        found = os.environ if environ is None else environ
        default = cls()
        values: dict[str, Any] = {}
        for each in fields(cls):
            name = PREFIX + each.name.upper()
            if name in found:
                values[each.name] = _read(name, found[name], type(getattr(default, each.name)))
        return cls(**values)

    def lake_of(self, folder: str) -> str:
        """Name the lake of a model folder."""
        return self.lake.replace(MODEL, folder)

    @property
    def longest(self) -> timedelta:
        """How long a run may take before it is ended: its wait, and every step with its retries."""
        return timedelta(seconds=self.patience_seconds + 7 * (self.retries + 1) * self.step_seconds)


def _read(name: str, value: str, kind: type) -> object:
    try:
        if kind is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                value.lower()
            ]
        return date.fromisoformat(value) if kind is date else kind(value)
    except (KeyError, ValueError) as error:
        wanted = {bool: "true or false", int: "a whole number", date: "a day such as 2025-01-31"}[kind]
        raise SettingsError(f"{name} is {value!r}; set it to {wanted}") from error
