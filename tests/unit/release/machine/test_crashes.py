"""A release that dies at any moment is continued by the next run, ends right, and doubles nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.key import STEPS
from days_to_sell.release.machine.past import Past
from days_to_sell.release.machine.place import place_of
from days_to_sell.release.outcome import Release
from days_to_sell.release.reconcile import reconcile
from tests.packages import make_package
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget
from tests.unit.release.mortal import DeathError, Life, MortalLog, MortalTarget

MOMENTS = (
    *(
        f"{when} {step} {state}"
        for step in STEPS
        for state in ("started", "done")
        for when in ("before", "after")
    ),
    "prepared",
    *(f"{what} {place}" for what in ("deployed", "confirmed") for place in ("preprod", "production")),
    "before released",
    "after released",
)


@dataclass
class World:
    """What outlives a program: registry, target, log and workspace."""

    registry: ShelfRegistry
    target: ThreadTarget
    log: EventLog
    aides: Aides
    workspace: Path

    def run(self, end: str = "") -> Release:
        """Release with a program that dies at a moment; its lease then runs out."""
        life = Life(end)
        log = MortalLog(self.log, life)
        try:
            return reconcile(
                self.registry,
                MODEL,
                MortalTarget(self.target, life),
                workspace=self.workspace,
                report=lambda line: None,
                aides=replace(self.aides, log=log, wait=0.0),
            )
        finally:
            for lease in log.taken:
                self.log.leases.release(lease)

    def serving(self, environment: str) -> str | None:
        """Version that answers in an environment."""
        found = self.target.current(environment)
        return found.version if found else None


@pytest.fixture
def world(
    registry: ShelfRegistry,
    target: ThreadTarget,
    log: EventLog,
    aides: Aides,
    workspace: Path,
    tmp_path: Path,
) -> World:
    """Version 1 serves; version 2 has just come into Production."""
    world = World(registry, target, log, aides, workspace)
    world.run()
    registry.add(MODEL, "2", make_package(tmp_path / "shelf" / "2", intercept=20.0))
    return world


def test_the_moments_are_all_that_a_release_goes_through(world: World) -> None:
    """A release writes these rows and makes these changes, so that no moment is left out below."""
    life = Life()
    reconcile(
        world.registry,
        MODEL,
        MortalTarget(world.target, life),
        workspace=world.workspace,
        report=lambda line: None,
        aides=replace(world.aides, log=MortalLog(world.log, life)),
    )
    assert {each for each in life.moments if not each.startswith("reserve")} == set(MOMENTS)


@pytest.mark.parametrize("end", MOMENTS)
def test_the_next_run_completes_what_was_killed(world: World, end: str) -> None:
    """Killed before or after any row or change: something proven answers, the next run ends right."""
    with pytest.raises(DeathError):
        world.run(end)
    assert world.serving("production") in ("1", "2")

    released = world.run()
    assert released.version == "2"
    assert (world.serving("preprod"), world.serving("production")) == ("2", "2")
    assert sum(name.startswith("image-of-2@") for name in world.target.built) == 1
    events = world.log.read(MODEL, version="2", kinds=(Kind.RELEASED,))
    assert len(events) == 1
    assert world.registry.tags[MODEL, "2"]["release.status"] == "released"
    assert Past.read(world.log, MODEL, place_of(world.workspace)).unfinished is None
    assert world.log.verify(MODEL) == []
    assert not world.run().changed


@pytest.mark.parametrize("end", ["deployed preprod", "after production started", "deployed production"])
def test_what_was_killed_and_is_not_wanted_any_more_is_undone(world: World, end: str) -> None:
    """Between crash and next run the first version was promoted again: it serves, and the log says why."""
    with pytest.raises(DeathError):
        world.run(end)
    world.registry.in_production[MODEL] = "1"
    assert world.run().version == "1"
    assert world.serving("production") == "1"
    (given_up,) = world.log.read(MODEL, version="2", kinds=(Kind.FAILED,))
    assert given_up.body["reason"] == "version 1 is in Production instead"
    assert not world.log.read(MODEL, version="2", kinds=(Kind.RELEASED,))


def test_steps_that_are_done_are_not_done_again(world: World) -> None:
    """Killed before production, the next run fetches and proves nothing twice, and leaves preprod alone."""
    with pytest.raises(DeathError):
        world.run("before production started")
    deployed = len(world.target.deployed)
    world.run()
    assert world.target.deployed[deployed:] == [("production", "2")]
    done = [
        (each.body["release"], each.body["step"])
        for each in world.log.read(MODEL, version="2", kinds=(Kind.STEP,))
        if each.body["state"] == "done"
    ]
    assert len({release for release, _ in done}) == 1
    assert [step for _, step in done].count("package") == [step for _, step in done].count("preprod") == 1


def test_a_step_that_is_done_in_the_log_alone_is_done_again(world: World) -> None:
    """Somebody stopped pre-production and emptied the workspace meanwhile: the row is not believed."""
    with pytest.raises(DeathError):
        world.run("before production started")
    world.target.stop("preprod")
    for package in (world.workspace / "packages").glob("*-2-*"):
        package.rename(package.with_name("lost"))
    world.run()
    assert world.serving("preprod") == "2"
    assert world.target.deployed[-2:] == [("preprod", "2"), ("production", "2")]


def test_a_version_that_comes_in_while_another_is_on_its_way_takes_over(world: World, tmp_path: Path) -> None:
    """Promoted during the build of version 2, version 3 serves; version 2 never gets as far as a service."""
    third = make_package(tmp_path / "shelf" / "3", intercept=30.0)
    prepare = world.target.prepare

    def promote_meanwhile(*arguments: object, **options: object) -> object:
        world.target.prepare = prepare  # type: ignore[method-assign]
        world.registry.add(MODEL, "3", third)
        return prepare(*arguments, **options)  # type: ignore[arg-type]

    world.target.prepare = promote_meanwhile  # type: ignore[method-assign,assignment]
    assert world.run().version == "3"
    assert ("preprod", "2") not in world.target.deployed
    assert [each.version for each in world.log.read(MODEL, kinds=(Kind.FAILED,))] == ["2"]
