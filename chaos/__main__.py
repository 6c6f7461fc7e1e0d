"""``python -m chaos``: promote again and again while what releases is killed, and judge what became of it."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType

import click

from chaos.judge import Verdict, judge
from chaos.places import TargetName
from chaos.plan import VICTIMS, Plan, Victim, make_plan
from chaos.play import Played, Report, play
from chaos.world import World
from days_to_sell.errors import DaysToSellError

PROMOTIONS = 200
MOST_SEEDS = 1_000_000
SUMMARY = "summary.json"


def run(plan: Plan, target: TargetName, folder: Path, report: Report) -> tuple[Played, Verdict]:
    """Carry a plan out in a new folder, end all that was started, and judge.

    Raises:
        DaysToSellError: A part that is needed cannot be had.
    """
    world = World(folder, target)
    try:
        world.begin(plan.versions)
        played = play(plan, world, report)
        seen = world.seen()
    finally:
        world.end()
    if not played.quiet:
        report("it did not come to rest")
    return played, judge(played.asks, seen)


def write_summary(path: Path, plan: Plan, played: Played, verdict: Verdict, seconds: float) -> None:
    """Keep what was planned, done and found."""
    found = {
        "seed": plan.seed,
        "seconds": round(seconds, 1),
        "promotions": [asdict(each) for each in played.asks],
        "kills": played.kills,
        "quiet": played.quiet,
        **asdict(verdict),
    }
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--promotions", type=click.IntRange(min=1), default=PROMOTIONS, show_default=True)
@click.option("--seed", type=int, help="Repeats the plan of a former run.")
@click.option("--target", type=click.Choice(["process", "docker"]), default="process", show_default=True)
@click.option("--kill", "victims", type=click.Choice(VICTIMS), multiple=True, help="All when not given.")
@click.option("--kills", type=click.IntRange(min=0), help="A quarter of the promotions when not given.")
@click.option("--show", is_flag=True, help="Print the plan, and do nothing.")
@click.option("--build", type=click.Path(path_type=Path), default=Path("build/chaos"), show_default=True)
def main(
    promotions: int,
    seed: int | None,
    target: TargetName,
    victims: Sequence[Victim],
    kills: int | None,
    show: bool,
    build: Path,
) -> None:
    """Promote versions while the daemon, the MLflow server, the making of images and the service are killed.

    Ends with code 1 where a promotion was lost or refused, or anything done twice.
    """
    chosen = random.SystemRandom().randrange(MOST_SEEDS) if seed is None else seed
    plan = make_plan(chosen, promotions, victims or VICTIMS, kills)
    if show:
        click.echo("\n".join(map(str, plan.promotions)))
        return
    signal.signal(signal.SIGTERM, _end)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    began = time.monotonic()
    folder = (build / f"run-{secrets.token_hex(4)}").resolve()
    folder.mkdir(parents=True)
    click.echo(f"{target}: {plan}")

    def report(line: str) -> None:
        click.echo(f"[{time.monotonic() - began:6.1f} s] {line}")

    try:
        played, verdict = run(plan, target, folder, report)
    except DaysToSellError as error:
        raise click.ClickException(f"{error}\nits parts left their logs in {folder}") from error
    write_summary(build / SUMMARY, plan, played, verdict, time.monotonic() - began)
    if verdict.good:
        shutil.rmtree(folder)
    else:
        click.echo(f"the logs are in {folder}; SEED={chosen} repeats the plan", err=True)
    counts = Counter(str(each.outcome) for each in played.asks)
    click.echo(f"promotions: {', '.join(f'{count} {outcome}' for outcome, count in counts.most_common())}")
    click.echo(verdict.line(promotions, len(played.kills)))
    sys.exit(0 if verdict.good else 1)


def _end(number: int, frame: FrameType | None) -> None:
    # As an interrupt would: everything that was started ends with it.
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
