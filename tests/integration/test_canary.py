"""Canaries under load on a real engine: a good one takes over, bad ones retreat, and nothing is lost."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import tarfile
import textwrap
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest
import requests

from bench.steady import Tally, steady
from bench.swaps import questions
from days_to_sell.errors import CanaryError
from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.alerts import Alerts
from days_to_sell.release.canary.evidence import read_counts
from days_to_sell.release.canary.rule import ERRORS, LATENCY, PREDICTIONS, Rule
from days_to_sell.release.canary.watch import Watch
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.machine.admission import Gates
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.monitoring.looks import metrics_of
from days_to_sell.release.outcome import Release
from days_to_sell.release.project import project_root
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION, Artifact, Deployment
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from stack.ports import free_port
from tests.packages import CAR, make_package
from tests.unit.release.fakes import ShelfRegistry

pytestmark = [pytest.mark.parts, pytest.mark.timeout(300)]
RATE, PERCENT = 150.0, 20
LEASE_SECONDS = 4.0
# Golden data is replayed in batches, so what befalls single rows is met by consumers alone.
SPOILT = """
import random, time
from serving.invocations import Invocations
from serving.wsgi import create
score = Invocations._score
def spoilt(self, environ, client):
    reply = score(self, environ, client)
    if reply.rows == 1:
        {fault}
    return reply
Invocations._score = spoilt
"""
FAILS = "assert random.random() > 0.2, 'injected'"
SLEEPS = "time.sleep(0.2)"
DOCKERFILE = """
FROM {image}
COPY spoilt.py /srv/spoilt.py
CMD ["gunicorn", "--config", "/srv/serving/gunicorn.conf.py", "spoilt:create()"]
"""


@dataclass
class Place:
    """A place that versions are released to.

    Args:
        engine: Client of the engine.
        site: Workspace and addresses.
        model: Name of the model, of this test alone.
        packages: Of versions 1, 2, and so on.
        faults: What befalls single rows, by version.
        registry: Where the versions are.
        lines: What was reported.
    """

    engine: docker.DockerClient
    site: Site
    model: str
    packages: Sequence[ModelPackage]
    faults: Mapping[str, str] = field(default_factory=dict)
    registry: ShelfRegistry = field(default_factory=ShelfRegistry)
    lines: list[str] = field(default_factory=list)

    @property
    def target(self) -> DockerTarget:
        """What serves, as a program sees it that has just been started."""
        return DockerTarget(self.engine, self.site)

    @property
    def serving(self) -> Deployment:
        """What serves."""
        found = self.target.current(PRODUCTION)
        assert found is not None
        return found

    @property
    def log(self) -> EventLog:
        """The event log."""
        return EventLog.open(f"sqlite:///{self.site.workspace / 'events.db'}")

    def say(self, line: str) -> None:
        """Keep a line of progress, and show it."""
        self.lines.append(line)
        print(line)

    def release(self, version: str, watch: Watch | None = None) -> Release:
        """Put a version in Production and release it, with a canary where that is to be watched."""
        self.registry.add(self.model, version, self.packages[int(version) - 1])
        return self.reconcile(watch)

    def reconcile(self, watch: Watch | None = None) -> Release:
        """Release what is in Production."""
        fault = self.faults.get(self.registry.in_production[self.model])
        return reconcile(
            self.registry,
            self.model,
            SpoilingTarget(self.engine, self.site, fault) if fault else self.target,
            workspace=self.site.workspace,
            report=self.say,
            environments=(PRODUCTION,),
            aides=Aides(
                self.log,
                Gates(self.log),
                Alerts("", self.say),
                canary=watch,
                lease_seconds=LEASE_SECONDS,
            ),
        )

    def verdict(self, state: str) -> dict[str, object]:
        """What the log says of the last production step in a state."""
        rows = [row.body for row in self.log.read(self.model, kinds=(Kind.STEP,))]
        return dict([row for row in rows if (row["step"], row["state"]) == (PRODUCTION, state)][-1])

    def answering(self) -> set[str]:
        """Versions that answer forty requests."""
        url = f"{self.site.addresses.url(PRODUCTION)}/invocations"
        body = {"dataframe_records": [CAR]}
        return {requests.post(url, json=body, timeout=10).headers["X-Model"] for _ in range(40)}

    def containers(self) -> int:
        """How many there are of the model, running or not."""
        return len(self.engine.containers.list(all=True, filters={"name": self.model}))


class SpoilingTarget(DockerTarget):
    """Deploys an image in which single rows meet a fault."""

    def __init__(self, engine: docker.DockerClient, site: Site, fault: str) -> None:
        super().__init__(engine, site)
        self._client, self._fault = engine, fault

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Put a layer over the image."""
        artifact = super().prepare(package, version, engine, kept=kept)
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            for name, text in (
                ("Dockerfile", DOCKERFILE.format(image=artifact.image)),
                ("spoilt.py", SPOILT.format(fault=self._fault)),
            ):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(text), 0o644
                archive.addfile(entry, io.BytesIO(text.encode()))
        context.seek(0)
        tag = f"{package.model}:spoilt-{version}"
        self._client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True)
        return Artifact(package, version, tag, artifact.engine, artifact.size)


def site_at(workspace: Path, ports: Mapping[str, int]) -> Site:
    """Deploy from a workspace to ports of this machine."""
    return Site(Settings.from_env(), project_root(), workspace, Addresses(ports=ports), print)


@pytest.fixture(scope="module")
def place(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Version 1 serves. The third predicts two months more, as its golden data has it; the others do not."""
    folder, model = tmp_path_factory.mktemp("canary"), f"tiny-{uuid.uuid4().hex[:8]}"
    intercepts = (12.0, 12.1, 72.0, 12.2, 12.3, 12.4)
    packages = [
        make_package(folder / f"package-{number}", model=model, intercept=intercept)
        for number, intercept in enumerate(intercepts, 1)
    ]
    site = site_at(folder / "work", {PRODUCTION: free_port(), PREPROD: free_port()})
    site.workspace.mkdir()
    place = Place(engine, site, model, packages, {"4": FAILS, "5": SLEEPS})
    try:
        place.release("1")
        yield place
    finally:
        place.target.stop()
        for image in engine.images.list(name=model):
            engine.images.remove(image.id, force=True)


@pytest.fixture
def load(place: Place) -> Iterator[Tally]:
    """Consumers at work, on connections of their own and on ones that stay open."""
    with steady(place.site.addresses.port(PRODUCTION), questions(place.packages), RATE) as tally:
        yield tally


def test_a_good_version_gets_its_share_then_everything(place: Place, load: Tally) -> None:
    """Drawn for each request, not for each connection; both answer meanwhile, and no request is lost."""
    released = place.release("2", Watch(Rule(PERCENT, 150)))
    assert released.version == "2"
    assert place.answering() == {f"{place.model}/2"}
    told = place.verdict("done")
    assert (told["verdict"], told["share_percent"]) == ("promoted", PERCENT)
    mine, others = int(str(told["candidate_requests"])), int(str(told["incumbent_requests"]))
    assert mine >= 150
    # Five standard deviations of a binomial share, and what the proxy's lots are off by.
    assert mine / (mine + others) == pytest.approx(PERCENT / 100, abs=0.09)
    assert set(load.by_model) == {f"{place.model}/1", f"{place.model}/2"}
    assert load.failures == []


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        pytest.param("3", PREDICTIONS, id="predicts-otherwise"),
        pytest.param("4", ERRORS, id="fails-one-in-five"),
        pytest.param("5", LATENCY, id="is-slow"),
    ],
)
def test_a_bad_version_is_stopped_and_what_served_serves(
    place: Place, load: Tally, version: str, kind: str
) -> None:
    """Its own golden rows are right, so only live requests tell; consumers meet its faults, and no others."""
    serving = place.serving
    with pytest.raises(CanaryError, match=rf"was stopped.*{kind}: .*after \d+ requests to the candidate"):
        place.release(version, Watch(Rule(PERCENT, 2_000, seconds=60)))
    assert place.answering() == {f"{place.model}/{serving.version}"}
    assert place.serving == serving
    told = place.verdict("failed")
    assert told["verdict"] == "stopped"
    assert 0 < int(str(told["candidate_requests"])) < 1_000
    assert any(line.startswith(f"ALERT: {place.model} version {version} refused") for line in place.lines)
    assert all("HTTP 500" in failure for failure in load.failures)
    assert bool(load.failures) == (kind == ERRORS)
    assert place.containers() == 3


def killed(place: Place, version: str, rule: Rule, ending: str) -> None:
    """Release a version by a program of its own, which kills itself with -9 in the middle of its canary."""
    code = f"""
        import os, signal
        from pathlib import Path
        from days_to_sell.release.canary.rule import Rule
        from days_to_sell.release.canary.watch import Watch
        from days_to_sell.release.docker.proxy.haproxy import Proxy
        from days_to_sell.release.engine import connect
        from days_to_sell.scoring.package import open_package
        from tests.integration.test_canary import Place, site_at
        site = site_at(Path({str(place.site.workspace)!r}), {dict(place.site.addresses.ports)!r})
        packages = [open_package(Path(root)) for root in {[str(each.root) for each in place.packages]!r}]
        watch = Watch({rule!r})
        die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        {ending}
        Place(connect(), site, {place.model!r}, packages).release({version!r}, watch)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL


def test_a_canary_whose_program_is_killed_is_taken_back_by_the_next_that_wants_what_serves(
    place: Place, load: Tally
) -> None:
    """Until then it keeps its share; who asks what serves, or for its counters, meets the incumbent alone."""
    serving = place.serving
    killed(place, "6", Rule(PERCENT, 2_000), "object.__setattr__(watch, 'pause', die)")
    assert place.answering() == {f"{place.model}/{serving.version}", f"{place.model}/6"}
    assert {place.target.current(PRODUCTION) for _ in range(8)} == {serving}
    for _ in range(8):
        read_counts(metrics_of(serving.url), serving.digest)
    assert place.containers() == 5

    place.registry.in_production[place.model] = serving.version
    assert place.reconcile().version == serving.version
    assert place.answering() == {f"{place.model}/{serving.version}"}
    assert place.containers() == 3
    assert load.failures == []


def test_a_canary_whose_program_is_killed_as_it_takes_over_is_tried_out_anew(
    place: Place, load: Tally
) -> None:
    """Nothing is taken for proven that was not told so: the next run gives it its share once more."""
    killed(place, "6", Rule(PERCENT, 20), "Proxy.wait_until_idle = die")
    assert place.answering() == {f"{place.model}/6"}

    assert place.release("6", Watch(Rule(PERCENT, 50))).version == "6"
    assert int(str(place.verdict("done")["candidate_requests"])) >= 50
    assert place.answering() == {f"{place.model}/6"}
    # The version before stands by.
    assert place.containers() == 5
    assert load.failures == []
