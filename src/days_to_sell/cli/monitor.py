"""``days-to-sell monitor``: watch what serves, and tell when it should be trained again."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from days_to_sell.cli.options import TRAINING_DATA
from days_to_sell.errors import DaysToSellError, MonitorError, RegistryError, SpecError
from days_to_sell.models import Model, find_model, model_names
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.release.monitoring.alarms import (
    Alarm,
    check_webhook,
    post,
    project_retraining,
    retrain,
)
from days_to_sell.release.monitoring.runs import MonitorRuns
from days_to_sell.release.monitoring.watch import Seen, Watch
from days_to_sell.release.monitoring.windows import Rule, Window
from days_to_sell.release.project import project_root
from days_to_sell.scoring.package import ModelPackage

if TYPE_CHECKING:
    from days_to_sell.release.monitoring.outcomes import Live

ALARM_STANDS = 3


@click.command()
@click.argument("model")
@click.option("--url", "urls", multiple=True, help="Address of a service; where it was released if absent.")
@click.option("--version", "number", help="Version that serves; the one in Production if absent.")
@click.option("--once", is_flag=True, help="Look once; the default.")
@click.option("--every", type=click.FloatRange(min=1), help="Look again and again, after so many seconds.")
@click.option(
    "--alarm",
    "n_of_m",
    type=(int, int),
    default=(Rule.needed, Rule.of),
    show_default=True,
    help="Windows N of M in which a column must drift.",
)
@click.option("--psi", default=Rule.psi, show_default=True, help="Index above which a column drifts.")
@click.option("--min-rows", default=Rule.min_rows, show_default=True, help="Rows of the smallest window.")
@click.option("--lake", help="Lake with newer snapshots: what became of adverts listed since training.")
@click.option("--training-data", default=TRAINING_DATA, show_default=True, help="Folder of training sets.")
@click.option("--master", default="local[*]", show_default=True, help="Spark master, used with --lake.")
@click.option("--webhook", help="Address that a raised alarm is posted to as JSON.")
@click.option("--retrain", "train", is_flag=True, help="Retrain when an alarm is raised.")
@click.option("--retrain-command", "line", help="What retrains, in place of the project's `mlflow run`.")
@click.option(
    "--workspace", type=click.Path(path_type=Path), default=Path("build/monitor"), show_default=True,
    help="Folder for the state and fetched packages.",
)  # fmt: skip
def monitor(
    model: str,
    urls: Sequence[str],
    number: str | None,
    once: bool,
    every: float | None,
    n_of_m: tuple[int, int],
    psi: float,
    min_rows: int,
    lake: str | None,
    training_data: str,
    master: str,
    webhook: str | None,
    train: bool,
    line: str | None,
    workspace: Path,
) -> None:
    """Compare what the service of registered MODEL is asked and answers with its training data.

    Each look makes a window of the rows since the last one, and logs the drift of every column to an MLflow
    run. A column that drifts in N of the last M windows raises an alarm. Exits with 3 while one stands.

    \b
    Examples:
      days-to-sell monitor days-to-sell --once
      days-to-sell monitor days-to-sell --every 3600 --lake build/lake --retrain
    """
    if once and every:
        raise click.UsageError("--once and --every exclude one another; leave one out")
    if train and not (lake or line):
        raise click.UsageError("--retrain needs --lake to train from, or --retrain-command")
    rule = Rule(*n_of_m, psi, min_rows)
    reaction = _Reaction(model, lake, line, train, check_webhook(webhook) if webhook else None)
    outcomes = _Outcomes(_folder(model), lake, training_data, master) if lake else None
    registry = Registry()
    watch = Watch(registry, MonitorRuns(), model, rule, workspace, urls, outcomes)
    standing = False
    for _ in _looks(every):
        try:
            version = _version(registry, model, number)
            seen = watch.look(version)
            standing = bool(seen.standing)
            _tell(seen, rule)
            if seen.alarm:
                _react(reaction, watch, version, seen.alarm)
            live = watch.follow_up(version)
            for told in live.lines() if live else ():
                click.echo(told)
        except DaysToSellError as error:
            if every is None:
                raise
            click.echo(f"error: {error}; looking again in {every:g} seconds", err=True)
    sys.exit(ALARM_STANDS if standing else 0)


@dataclass(frozen=True)
class _Reaction:
    """What follows a raised alarm, as the options say."""

    model: str
    lake: str | None
    line: str | None
    train: bool
    webhook: str | None

    def to(self, alarm: Alarm) -> None:
        if self.webhook:
            self._send(self.webhook, alarm)
        command = shlex.split(self.line) if self.line else self._own()
        if self.train:
            click.echo(f"retraining: {shlex.join(command)}")
            retrain(command, Path.cwd())
            click.echo(f"retrained; look at the new version, then: days-to-sell promote {self.model} VERSION")
        else:
            click.echo(f"retrain with: {shlex.join(command)}")

    def _send(self, webhook: str, alarm: Alarm) -> None:
        try:
            post(webhook, alarm)
        except MonitorError as error:
            # The alarm is in the log, in the run and in the exit code; a deaf listener stops nothing.
            click.echo(f"warning: {error}", err=True)

    def _own(self) -> Sequence[str]:
        return project_retraining(project_root(), _folder(self.model).folder, self.lake or "LAKE")


@dataclass(frozen=True)
class _Outcomes:
    """Builds the training data of the lake's newest snapshot and judges what it tells."""

    model: Model
    lake: str
    training_data: str
    master: str

    def __call__(self, package: ModelPackage, judged: str) -> Live | None:
        # Spark takes seconds to import, and only this needs it.
        from days_to_sell.data.training_set import build_training_set
        from days_to_sell.release.monitoring.outcomes import judge_outcomes
        from days_to_sell.training.spark.session import packages_for, start_session

        packages = packages_for(self.lake) or packages_for(self.training_data)
        spark = start_session("monitor", master=self.master, extra_packages=packages)
        built = build_training_set(
            spark, self.model, lake=self.lake, target=self.training_data, report=click.echo
        )
        if built.manifest.snapshot == judged:
            return None
        return judge_outcomes(built.frame, self.model.spec, package, built.manifest.snapshot)


def _react(reaction: _Reaction, watch: Watch, version: ModelVersion, alarm: Alarm) -> None:
    try:
        reaction.to(alarm)
    except MonitorError:
        # A retraining that failed is for a person to mend, not to be tried with every window.
        watch.acknowledge(version, alarm)
        raise
    watch.acknowledge(version, alarm)


def _looks(every: float | None) -> Iterator[None]:
    yield
    try:
        while every is not None:
            time.sleep(every)
            yield
    except KeyboardInterrupt:
        click.echo("stopped; the state is kept, so the next monitor goes on from here")


def _version(registry: Registry, model: str, number: str | None) -> ModelVersion:
    found = registry.version(model, number) if number else registry.production(model)
    if found is None:
        raise RegistryError(f"no version of {model} is in Production; promote one or give --version")
    return found


def _folder(model: str) -> Model:
    for name in model_names():
        found = find_model(name)
        if found.spec.name == model:
            return found
    raise SpecError(f"no folder in models/ declares {model!r}; give --retrain-command, and no --lake")


def _tell(seen: Seen, rule: Rule) -> None:
    if seen.window is None:
        click.echo(f"fewer than {rule.min_rows:,} rows since the last window; it stays open")
    else:
        for told in _window_lines(seen.window):
            click.echo(told)
    if seen.standing:
        words = "ALARM" if seen.alarm else "the alarm stands"
        columns = ", ".join(seen.standing)
        click.secho(f"{words}: {columns} drifted in {rule.needed} of {rule.of} windows", bold=True)


def _window_lines(window: Window) -> Iterator[str]:
    if window.restarted:
        yield "a service was started anew since the last window; what it counted before is lost"
    drifted = ", ".join(f"{name} (PSI {window.drifts[name].psi:.2f})" for name in window.drifted)
    yield f"window {window.number}: {window.rows:,} rows, drifted: {drifted or 'nothing'}"
