"""A canary within a release: promoted, stopped, superseded, interrupted; what log and alert say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from days_to_sell.errors import CanaryError, ReleaseError, StoppedError, TargetError
from days_to_sell.registry.events.event import Kind
from days_to_sell.release.canary.rule import Rule
from days_to_sell.release.canary.seam import Replica, Sides
from days_to_sell.release.canary.watch import Watch
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.outcome import Release
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.target import Artifact, Deployment
from tests.packages import make_package
from tests.unit.release.canary.test_watch import METRICS
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget
from tests.unit.release.mortal import DeathError


class SharingTarget(ThreadTarget):
    """A target that says it gives a share, while the incumbent answers until the candidate takes over."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[tuple[str, int]] = []
        self.taken_back: list[str] = []
        self.aside: Artifact | None = None

    def has_incumbent(self, model: str, environment: str) -> bool:
        """What was confirmed is an incumbent."""
        return environment in self._proven

    def try_out(self, artifact: Artifact, environment: str, percent: int) -> Deployment:
        """Remember the candidate."""
        self.tried.append((artifact.version, percent))
        self.aside = artifact
        serving = self.current(environment)
        assert serving is not None
        return replace(serving, version=artifact.version, digest=artifact.package.digest)

    def sides(self, candidate: Deployment) -> Sides:
        """One replica of each."""
        serving = self.current(candidate.environment)
        assert serving is not None
        incumbents = (Replica("incumbent", "incumbent", serving.digest),)
        return Sides((Replica("candidate", "candidate", candidate.digest),), incumbents)

    def take_over(self, candidate: Deployment) -> None:
        """Serve the candidate."""
        assert self.aside is not None
        self.deploy(self.aside, candidate.environment)
        self.aside = None

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Forget the candidate."""
        self.taken_back.append(candidate.version)
        self.aside = None
        return super().restore(candidate)


@dataclass
class World:
    """A release with a canary, in which a second passes whenever one is waited for.

    Args:
        registry: Version 1 was released from it; version 2 is in Production.
        target: What serves.
        aides: Who stands beside it.
        workspace: The folder of the release.
        lines: What was reported.
        errors: Of a hundred requests to the candidate, those that fail.
        each: What happens each second.
    """

    registry: ShelfRegistry
    target: SharingTarget
    aides: Aides
    workspace: Path
    lines: list[str]
    errors: int = 0
    seconds: float = 0.0
    each: Callable[[float], None] = field(default=lambda seconds: None)

    def fetch(self, url: str) -> str:
        """Tell what a replica has counted: a hundred requests a second at either side."""
        (serving,) = (each for each in self.target.started() if each.environment == "production")
        aside = self.target.aside
        digest = aside.package.digest if aside and url == "candidate" else serving.digest
        failed = self.errors if url == "candidate" else 0
        age = int(self.seconds) + 1
        well = (100 - failed) * age
        return METRICS.format(digest=digest, since=1.0, well=well, failed=failed * age, half=well // 2)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.each(self.seconds)

    def run(self, rule: Rule | None = None, *, stopping: Callable[[], bool] = lambda: False) -> Release:
        """Release what is in Production."""
        watch = Watch(rule or Rule(requests=500), self.fetch, lambda: self.seconds, self.pause)
        aides = replace(self.aides, canary=watch, stopping=stopping)
        report = self.lines.append
        return reconcile(
            self.registry, MODEL, self.target, workspace=self.workspace, report=report, aides=aides
        )

    @property
    def serving(self) -> str:
        """Version that answers in production."""
        found = self.target.current("production")
        return found.version if found else ""

    def told(self, state: str) -> dict[str, object]:
        """What the log has of the last production step in a state."""
        rows = self.aides.log.read(MODEL, kinds=(Kind.STEP,))
        return dict(
            [row.body for row in rows if (row.body["step"], row.body["state"]) == ("production", state)][-1]
        )


@pytest.fixture
def world(
    registry: ShelfRegistry, aides: Aides, workspace: Path, lines: list[str], tmp_path: Path
) -> Iterator[World]:
    """Version 1 serves; version 2 has just come into Production."""
    target = SharingTarget()
    reconcile(registry, MODEL, target, workspace=workspace, report=lines.append, aides=aides)
    registry.add(MODEL, "2", make_package(tmp_path / "shelf" / "2", intercept=20.0))
    yield World(registry, target, aides, workspace, lines)
    target.stop()


def test_a_good_candidate_takes_over_and_the_log_says_after_what(world: World) -> None:
    """Share, requests of both, verdict and reason stand in the row of the production step."""
    released = world.run()
    assert (released.version, world.serving) == ("2", "2")
    assert world.target.tried == [("2", 10)]
    told = world.told("done")
    assert (told["verdict"], told["share_percent"]) == ("promoted", 10)
    assert (told["candidate_requests"], told["incumbent_requests"]) == (500, 500)
    assert any("takes over, nothing against it in 500 requests" in line for line in world.lines)


def test_a_bad_candidate_is_taken_back_refused_and_told_of(world: World) -> None:
    """Once: a daemon does not try it out again until somebody promotes it anew, and the alert goes out."""
    world.errors = 30
    with pytest.raises(
        CanaryError, match=r"was stopped.*errors: 30\.0%.*after 100 requests to the candidate"
    ):
        world.run()
    assert world.serving == "1"
    assert world.target.taken_back == ["2"]
    told = world.told("failed")
    assert (told["verdict"], told["candidate_requests"]) == ("stopped", 100)
    assert str(told["verdict_reason"]).startswith("errors: ")
    (failed,) = world.aides.log.read(MODEL, kinds=(Kind.FAILED,))
    assert (failed.body["step"], failed.body["passing"]) == ("production", False)
    assert any(line.startswith(f"ALERT: {MODEL} version 2 refused: canary: ") for line in world.lines)
    assert world.registry.tags[MODEL, "2"]["release.status"] == "refused"


def test_too_little_traffic_leaves_what_serves_and_says_what_to_do(world: World) -> None:
    """No evidence is no evidence for it either."""
    with pytest.raises(CanaryError, match="300 of 5000 requests came in time; give it a larger share"):
        world.run(Rule(requests=5_000, seconds=3.0))
    assert world.serving == "1"
    assert world.told("failed")["verdict"] == "undecided"


def test_a_version_that_is_not_wanted_any_more_is_taken_back(world: World, tmp_path: Path) -> None:
    """The one that came into Production meanwhile is tried out in its place."""
    world.registry.add(MODEL, "3", make_package(tmp_path / "shelf" / "3", intercept=25.0))
    world.registry.in_production[MODEL] = "2"

    def promote(seconds: float) -> None:
        if seconds == 2:
            world.registry.in_production[MODEL] = "3"

    world.each = promote
    assert world.run().version == "3"
    assert world.target.tried == [("2", 10), ("3", 10)]
    assert world.target.taken_back[0] == "2"


def test_a_program_that_is_asked_to_end_takes_the_candidate_back(world: World) -> None:
    """The next run tries it out anew."""
    with pytest.raises(StoppedError):
        world.run(stopping=lambda: world.seconds >= 2)
    assert world.serving == "1"
    assert world.target.taken_back == ["2"]
    assert world.run().version == "2"
    assert world.target.tried == [("2", 10), ("2", 10)]


def test_a_program_that_dies_leaves_it_to_the_next(world: World) -> None:
    """Nothing of a trial is taken for proven that did not come to its end."""

    def die(seconds: float) -> None:
        world.each = lambda seconds: None
        raise DeathError

    world.each = die
    with pytest.raises(DeathError):
        world.run()
    assert world.serving == "1"
    assert world.run().version == "2"
    assert world.target.tried == [("2", 10), ("2", 10)]


def test_a_trial_of_a_version_that_was_withdrawn_meanwhile_is_ended_by_the_next_run(world: World) -> None:
    """Even where there is nothing to release in its place, it loses its share."""

    def die(seconds: float) -> None:
        raise DeathError

    world.each = die
    with pytest.raises(DeathError):
        world.run()
    taken_back = len(world.target.taken_back)
    del world.registry.in_production[MODEL]
    with pytest.raises(ReleaseError, match=r"no version of .* is in Production"):
        world.run()
    assert world.target.taken_back[taken_back:] == ["2"]
    (failed,) = world.aides.log.read(MODEL, kinds=(Kind.FAILED,))
    assert (failed.version, failed.body["reason"]) == ("2", "none is in Production instead")


def test_the_first_version_needs_no_trial(world: World) -> None:
    """There is nothing that it could be compared with."""
    world.target.stop()
    fresh = SharingTarget()
    world.target = fresh
    assert world.run().version == "2"
    assert fresh.tried == []


def test_a_target_that_serves_one_version_refuses(
    registry: ShelfRegistry, target: ThreadTarget, aides: Aides, workspace: Path
) -> None:
    """Before anything is built, and with the way out."""
    with pytest.raises(TargetError, match=r"the thread target serves one version at a time.*--target docker"):
        reconcile(
            registry,
            MODEL,
            target,
            workspace=workspace,
            report=lambda line: None,
            aides=replace(aides, canary=Watch(Rule())),
        )
    assert target.built == []
