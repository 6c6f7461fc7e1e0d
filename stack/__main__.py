"""``python -m stack``: a whole platform on this machine, from sources to a container that answers."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import click

from days_to_sell.errors import DaysToSellError
from days_to_sell.models import find_spec, model_names
from stack.journey import Journey
from stack.leftovers import images, undeploy
from stack.platform import Platform, Report
from stack.reaper import reaped

ADVERTS = 4_000
LOGS, SUMMARY = "logs", "summary.json"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--model", type=click.Choice(model_names()), default="days_to_sell", show_default=True)
@click.option("--adverts", type=click.IntRange(min=1_000), default=ADVERTS, show_default=True)
@click.option("--build", type=click.Path(path_type=Path), default=Path("build/platform"), show_default=True)
def main(model: str, adverts: int, build: Path) -> None:
    """Run a model's DAG from its sources to a container that answers, over a whole platform.

    Starts S3, PostgreSQL, MLflow with logins and gates, an image registry, a git remote, a Spark cluster and
    Airflow on the loopback address; the DAG ends with a commit, which deploys; then everything is taken down.

    Nothing is left behind, also when it is interrupted or killed; where something goes wrong, the logs of the
    parts are kept in build/platform/logs.

    \b
    Examples:
      python -m stack
      python -m stack --model dealer_stock --adverts 2000
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    began = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"[{time.monotonic() - began:6.1f} s] {line}")

    # Not below the project: PostgreSQL runs as another user, who has to reach it.
    folder = Path(tempfile.mkdtemp(prefix="days-to-sell-platform-"))
    folder.chmod(0o711)
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    try:
        before = tuple(images())
        with reaped(folder, before) as left, ExitStack() as stack:
            stack.callback(undeploy, folder / "place", before)
            stack.push(lambda kind, error, trace: _keep_logs(folder, build / LOGS, failed=error is not None))
            found = _run(Platform(folder), stack, model, adverts, report)
            report("taking everything down")
    except DaysToSellError as error:
        raise click.ClickException(f"{error}\nthe logs of the parts are in {build / LOGS}") from error
    found |= {"seconds": round(time.monotonic() - began, 1), "left": left}
    (build / SUMMARY).write_text(json.dumps(found, indent=1), encoding="utf-8")
    for each in left:
        report(f"left behind by its part, and taken down: {each}")
    report(f"nothing is left of {folder}")
    click.echo(
        f"platform: {found['model']} version {found['version']['version']} answered, {len(left)} left behind"
    )
    sys.exit(1 if left else 0)


def _run(platform: Platform, stack: ExitStack, model: str, adverts: int, report: Report) -> dict[str, Any]:
    platform.start(stack, report)
    name = find_spec(model).name
    journey = Journey(platform, model, name, adverts, report)
    return {"model": name, **journey.travel(), "tasks": journey.seconds}


def _keep_logs(folder: Path, logs: Path, *, failed: bool) -> None:
    """Keep what the parts said, where something went wrong."""
    if not failed:
        return
    for log in folder.rglob("*.log"):
        kept = logs / log.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, kept)


def _end(number: int, frame: FrameType | None) -> None:
    # As an interrupt would: everything that was started ends with it.
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
