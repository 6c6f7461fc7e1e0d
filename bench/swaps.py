"""``python -m bench.swaps``: swap two versions again and again under a constant load, and lose no request.

Each swap is what a release does in production: deploy, replay golden data at the public address, confirm. It
ends with 1 where a request failed, or was answered otherwise than by the version that its reply names.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from bench.__main__ import keep
from bench.part import Findings, table
from bench.server import ROOT
from bench.steady import SHOWN_FAILURES, Question, Tally, steady
from days_to_sell.errors import DaysToSellError, ProofError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.choose import choose_target
from days_to_sell.release.engine import connect
from days_to_sell.release.replay import replay, require
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION, Target
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.settings import Settings
from stack.ports import free_port
from tests.packages import INTERCEPT, cars, make_package

SWAPS, RATE = 50, 200.0
TARGETS = ("process", "docker")
MODEL, QUESTIONS = "swapped", 100


@dataclass(frozen=True)
class Swapped:
    """What swaps at one target showed.

    Args:
        target: Its name.
        tally: What came of the load.
        seconds: What each swap took, with the replay behind it.
    """

    target: str
    tally: Tally
    seconds: Sequence[float]


def swap(target: Target, packages: Sequence[ModelPackage], swaps: int, rate: float) -> Swapped:
    """Put versions into production in turn, under load.

    Args:
        target: Where; it is left as it is at the end.
        packages: Versions 1, 2, ...; the first is there before the load begins.
        swaps: How often.
        rate: Requests a second.
    """
    artifacts = [target.prepare(package, str(number)) for number, package in enumerate(packages, 1)]
    deployment = target.deploy(artifacts[0], PRODUCTION)
    target.confirm(deployment)
    seconds = []
    with steady(deployment.port, questions(packages), rate) as tally:
        for number in range(1, swaps + 1):
            began = time.monotonic()
            artifact = artifacts[number % len(artifacts)]
            candidate = target.deploy(artifact, PRODUCTION)
            require(replay(candidate.url, artifact.package.golden), str(candidate))
            target.confirm(candidate)
            seconds.append(time.monotonic() - began)
    return Swapped(target.name, tally, seconds)


def questions(packages: Sequence[ModelPackage]) -> list[Question]:
    """Make requests of one row each, with the answer of each version's scorer."""
    predictors = {
        f"{package.model}/{number}": Predictor(package) for number, package in enumerate(packages, 1)
    }
    return [
        Question(
            json.dumps({"dataframe_records": [car]}).encode(),
            {name: _answer(predictor, car) for name, predictor in predictors.items()},
        )
        for car in cars(QUESTIONS)
    ]


def _answer(predictor: Predictor, car: dict[str, float | int]) -> float:
    (answer,) = predictor.predict([car])
    if not isinstance(answer, float):
        raise ProofError(f"the scorer does not answer {car}: {answer}")
    return answer


def findings(found: Sequence[Swapped]) -> Findings:
    """Say what the swaps showed; the last line counts the swaps of each target, and all requests."""
    rows = [
        (
            each.target,
            f"{len(each.seconds)}",
            f"{median(each.seconds):.1f}",
            f"{each.tally.requests:,}",
            f"{each.tally.connections:,}",
            f"{each.tally.quantile_ms(0.5):.1f}",
            f"{each.tally.quantile_ms(0.99):.1f}",
            f"{max(each.tally.seconds, default=0.0) * 1e3:.0f}",
            f"{len(each.tally.failures)}",
        )
        for each in found
    ]
    header = ("target", "swaps", "s each", "requests", "connections", "p50 ms", "p99 ms", "max ms", "failed")
    swaps = min(len(each.seconds) for each in found)
    requests = sum(each.tally.requests for each in found)
    failed = sum(len(each.tally.failures) for each in found)
    total = f"swaps: {swaps} swaps, {requests} requests, {failed} failed"
    missed = [
        f"{each.target}: {failure}" for each in found for failure in each.tally.failures[:SHOWN_FAILURES]
    ]
    missed += [
        f"{each.target}: only {sorted(each.tally.by_model)} answered"
        for each in found
        if len(each.tally.by_model) < 2
    ]
    figures = {
        each.target: {
            "swaps": len(each.seconds),
            "swap_seconds": [round(one, 2) for one in each.seconds],
            "requests": each.tally.requests,
            "failed": len(each.tally.failures),
            "p50_ms": round(each.tally.quantile_ms(0.5), 2),
            "p99_ms": round(each.tally.quantile_ms(0.99), 2),
            "closed_idle": each.tally.closed,
            "answered_by": dict(each.tally.by_model),
        }
        for each in found
    }
    return Findings(figures, [*table(header, rows), "", total], missed)


def clean_up(target: Target) -> None:
    """End what serves, and remove the images that were built for it."""
    target.stop()
    if target.name == "docker":
        with closing(connect()) as engine:
            for image in engine.images.list(name=MODEL):
                engine.images.remove(str(image.id), force=True)


def measure(
    names: Sequence[str], folder: Path, swaps: int, rate: float, report: Callable[[str], None]
) -> list[Swapped]:
    """Swap two versions at each target, and end what was started."""
    packages = [
        make_package(folder / name, model=MODEL, intercept=INTERCEPT + more)
        for name, more in (("one", 0.0), ("two", 8.0))
    ]
    found = []
    for name in names:
        addresses = Addresses(ports={PRODUCTION: free_port(), PREPROD: free_port()})
        site = Site(Settings.from_env(), ROOT, folder / name, addresses, lambda _: None)
        target, reason = choose_target("docker" if name == "docker" else "process", site)
        report(f"{reason}; {swaps} swaps at {rate:g} requests a second ...")
        with ExitStack() as stack:
            stack.callback(clean_up, target)
            found.append(swap(target, packages, swaps, rate))
    return found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--target", "names", type=click.Choice(TARGETS), multiple=True, help="Both when not given.")
@click.option("--swaps", type=click.IntRange(min=1), default=SWAPS, show_default=True)
@click.option(
    "--rate", type=click.FloatRange(min=1), default=RATE, show_default=True, help="Requests a second."
)
@click.option("--build", type=click.Path(path_type=Path), default=Path("build/bench"), show_default=True)
def main(names: Sequence[str], swaps: int, rate: float, build: Path) -> None:
    """Swap two versions in production under load; exits with 1 when a request failed."""
    build.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir=build, prefix=".swaps-") as folder:
            found = findings(measure(names or TARGETS, Path(folder).resolve(), swaps, rate, click.echo))
    except DaysToSellError as error:
        raise click.ClickException(str(error)) from error
    keep(build / "summary.json", "swaps", found, time.monotonic() - started)
    for each in found.missed:
        click.echo(f"failed: {each}", err=True)
    click.echo("\n".join(found.lines))
    sys.exit(1 if found.missed else 0)


if __name__ == "__main__":
    main()
