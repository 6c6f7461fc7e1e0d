"""``python -m bench.kubelet``: do to the real container what a kubelet does, under a constant load.

The numbers are those of the rendered Deployment: user, read-only root, limits, probes, preStop, grace
period. Two versions replace each other pod by pod behind a Service whose endpoints the nodes learn of late.
It ends with 1 where a request failed, or a container had to be killed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import click
import docker

from bench.__main__ import keep
from bench.part import Findings
from bench.server import ROOT
from bench.steady import SHOWN_FAILURES, Tally, steady
from bench.swaps import MODEL, questions
from days_to_sell.errors import DaysToSellError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.engine import connect
from days_to_sell.release.images.build import build_image
from days_to_sell.release.site import Site
from days_to_sell.scoring.keys import key_line
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from stack.kubelet.deployment import deployed
from stack.kubelet.manifest import DeploymentSpec, read_deployment, render
from stack.kubelet.pod import Ending
from tests.packages import INTERCEPT, make_package

UPDATES, RATE = 10, 100.0
# Between the endpoint's change and the last node's knowing of it: usually under a second.
PROPAGATION = 3.0
OVERLAY = ROOT / "serving" / "k8s" / "overlays" / "prod"
KEY, HOLDER, SECRET = "a-key-for-the-load", "load", "scoring-keys"


@dataclass(frozen=True)
class Updated:
    """What rolling updates showed.

    Args:
        tally: What came of the load.
        seconds: What each update took, with the last container's end.
        starts: What each pod took to start, until its startup probe passed.
        endings: How each container ended.
    """

    tally: Tally
    seconds: Sequence[float]
    starts: Sequence[float]
    endings: Sequence[Ending]


@contextmanager
def images(engine: docker.DockerClient, folder: Path) -> Iterator[tuple[list[ModelPackage], list[str]]]:
    """Build the images of two versions, and remove them at the end."""
    site = Site(Settings.from_env(), ROOT, folder / "workspace", Addresses(), lambda _: None)
    packages = [
        make_package(folder / name, model=MODEL, intercept=INTERCEPT + more)
        for name, more in (("one", 0.0), ("two", 8.0))
    ]
    names = [build_image(engine, site, package, str(n))[0] for n, package in enumerate(packages, 1)]
    try:
        yield packages, names
    finally:
        for name in names:
            engine.images.remove(name, force=True)


def write_secret(folder: Path) -> Mapping[str, Path]:
    """Write the file of keys as a Secret is mounted."""
    folder.mkdir(parents=True)
    # Whoever runs this may not give files away to the pod's group, so all may read them.
    folder.chmod(0o755)
    (folder / "keys").write_text(f"{key_line(HOLDER, KEY)}\n", encoding="utf-8")
    (folder / "keys").chmod(0o444)
    return {SECRET: folder}


def update(
    engine: docker.DockerClient,
    spec: DeploymentSpec,
    packages: Sequence[ModelPackage],
    names: Sequence[str],
    folder: Path,
    updates: int,
    rate: float,
) -> Updated:
    """Replace one version by the other, again and again, under load.

    Args:
        engine: Client of the Docker engine.
        spec: What the manifests say.
        packages: The versions, for their right answers.
        names: Their images; the first is there before the load begins.
        folder: For the Secret.
        updates: How often.
        rate: Requests a second.
    """
    seconds = []
    secrets = write_secret(folder)
    with (
        deployed(engine, spec, names[0], PROPAGATION, secrets) as (deployment, service),
        steady(service.port, questions(packages), rate, [f"X-API-Key: {KEY}"]) as tally,
    ):
        for number in range(1, updates + 1):
            began = time.monotonic()
            deployment.roll(names[number % len(names)])
            seconds.append(time.monotonic() - began)
    return Updated(tally, seconds, deployment.start_seconds, deployment.endings)


def findings(found: Updated) -> Findings:
    """Say what the updates showed; the last line counts them, and all requests."""
    tally, drains = found.tally, [each.seconds for each in found.endings]
    killed = sum(each.killed for each in found.endings)
    updates, failed = len(found.seconds), len(tally.failures)
    lines = [
        f"a pod started in {median(found.starts):.1f} s, at most {max(found.starts):.1f} s",
        f"and ended {median(drains):.1f} s after SIGTERM, at most {max(drains):.1f} s; {killed} were killed",
        f"an update took {median(found.seconds):.1f} s; p50 {tally.quantile_ms(0.5):.1f} ms, "
        f"p99 {tally.quantile_ms(0.99):.1f} ms, over {tally.connections} connections",
        f"kubelet: {updates} rolling updates, {tally.requests} requests, {failed} failed",
    ]
    missed = list(tally.failures[:SHOWN_FAILURES])
    missed += [f"{killed} containers were killed after the grace period"] if killed else []
    missed += [
        f"a container ended with {each.code}" for each in found.endings if each.code and not each.killed
    ]
    missed += [f"only {sorted(tally.by_model)} answered"] if len(tally.by_model) < 2 else []
    figures = {
        "updates": updates,
        "update_seconds": [round(each, 2) for each in found.seconds],
        "start_seconds": [round(each, 2) for each in found.starts],
        "drain_seconds": [round(each, 2) for each in drains],
        "killed": killed,
        "requests": tally.requests,
        "failed": failed,
        "p50_ms": round(tally.quantile_ms(0.5), 2),
        "p99_ms": round(tally.quantile_ms(0.99), 2),
        "answered_by": dict(tally.by_model),
    }
    return Findings(figures, lines, missed)


def measure(
    folder: Path, overlay: Path, updates: int, rate: float, hold: bool, report: Callable[[str], None]
) -> Findings:
    """Render the overlay, build two versions, and update."""
    spec = read_deployment(render(overlay), "scoring")
    if not hold:
        spec = replace(spec, pod=replace(spec.pod, pre_stop=0))
    with closing(connect()) as engine, images(engine, folder) as (packages, names):
        report(
            f"{spec.replicas} replicas, preStop {spec.pod.pre_stop:g} s, grace {spec.pod.grace:g} s; nodes "
            f"learn after {PROPAGATION:g} s; {updates} rolling updates at {rate:g} requests a second ..."
        )
        return findings(update(engine, spec, packages, names, folder / "secret", updates, rate))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--updates", type=click.IntRange(min=1), default=UPDATES, show_default=True)
@click.option(
    "--rate", type=click.FloatRange(min=1), default=RATE, show_default=True, help="Requests a second."
)
@click.option("--overlay", type=click.Path(path_type=Path), default=OVERLAY, help="Folder of manifests.")
@click.option("--without-prestop", is_flag=True, help="Ask pods to end at once, to see what that loses.")
@click.option("--build", type=click.Path(path_type=Path), default=Path("build/bench"), show_default=True)
def main(updates: int, rate: float, overlay: Path, without_prestop: bool, build: Path) -> None:
    """Update the service pod by pod under load; exits with 1 when a request failed."""
    build.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir=build, prefix=".kubelet-") as folder:
            place = Path(folder).resolve()
            place.chmod(0o755)
            found = measure(place, overlay, updates, rate, not without_prestop, click.echo)
    except DaysToSellError as error:
        raise click.ClickException(str(error)) from error
    keep(build / "summary.json", "kubelet", found, time.monotonic() - started)
    for each in found.missed:
        click.echo(f"failed: {each}", err=True)
    click.echo("\n".join(found.lines))
    sys.exit(1 if found.missed else 0)


if __name__ == "__main__":
    main()
