"""Rollback: the version before is Production again, answers again, and the log says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from days_to_sell.errors import PackageError, RegistryError, ReleaseError
from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.key import Key
from days_to_sell.release.outcome import Release
from days_to_sell.release.rollback import Rollback
from tests.packages import make_package
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget

Step = Callable[[], Release]
Back = Callable[..., Release]


@pytest.fixture
def released(registry: ShelfRegistry, release: Step, tmp_path: Path) -> None:
    """Versions 1, 2 and 3 were released in turn; 3 serves."""
    release()
    for number in ("2", "3"):
        registry.add(MODEL, number, make_package(tmp_path / "shelf" / number, intercept=10.0 * int(number)))
        release()


@pytest.fixture
def back(registry: ShelfRegistry, release: Step, aides: Aides, workspace: Path, lines: list[str]) -> Back:
    """Roll back."""

    def roll(
        reason: str = "wrong prices",
        to: str | None = None,
        refusals: Sequence[str] = (),
        serve: Step = release,
    ) -> Release:
        def against(key: Key, leaving: str | None) -> Sequence[str]:
            return refusals

        return Rollback(registry, MODEL, workspace, aides, against, serve, lines.append).run(reason, to)

    return roll


def events(log: EventLog, kind: Kind) -> list[Event]:
    """Events of a kind."""
    return log.read(MODEL, kinds=(kind,))


@pytest.mark.usefixtures("released")
def test_the_version_before_serves_again_from_what_was_kept(
    back: Back, registry: ShelfRegistry, target: ThreadTarget, log: EventLog, lines: list[str]
) -> None:
    """Nothing is fetched or built, production alone is deployed to, and the log has reason and seconds."""
    built, deployed = list(target.built), len(target.deployed)
    registry.packages.clear()
    lines.clear()
    assert back().version == "2"
    assert registry.in_production[MODEL] == "2"
    assert (target.built, target.deployed[deployed:]) == (built, [("production", "2")])
    (event,) = events(log, Kind.ROLLED_BACK)
    assert (event.version, event.digest) == ("2", events(log, Kind.RELEASED)[-1].digest)
    told = {name: event.body[name] for name in ("from", "to", "reason")}
    assert told == {"from": "3", "to": "2", "reason": "wrong prices"}
    assert event.body["seconds"] > 0
    assert f"ALERT: {MODEL} version 2 rolled back: wrong prices" in lines


@pytest.mark.usefixtures("released")
def test_a_second_rollback_goes_further_back(back: Back, log: EventLog) -> None:
    """What was rolled back from is not good, so the way never leads there again."""
    assert [back().version, back().version] == ["2", "1"]
    with pytest.raises(ReleaseError, match="no version of tiny-model was released here before 1"):
        back()
    assert len(events(log, Kind.ROLLED_BACK)) == 2


@pytest.mark.usefixtures("released")
def test_a_version_can_be_named(back: Back, target: ThreadTarget) -> None:
    """Any version that was released here will do, and no other."""
    assert back(to="1").version == "1"
    assert back(to="3").version == "3"
    with pytest.raises(ReleaseError, match="version 3 of tiny-model is in Production"):
        back(to="3")
    with pytest.raises(ReleaseError, match="version 9 of tiny-model was never released here"):
        back(to="9")


@pytest.mark.usefixtures("released")
def test_a_version_that_never_got_to_serve_is_left_for_what_serves(
    back: Back, registry: ShelfRegistry, target: ThreadTarget, log: EventLog, tmp_path: Path
) -> None:
    """Production names version 4, which nobody released: version 3 serves on and is Production again."""
    registry.add(MODEL, "4", make_package(tmp_path / "shelf" / "4"))
    deployed = len(target.deployed)
    assert not back().changed
    assert registry.in_production[MODEL] == "3"
    assert len(target.deployed) == deployed
    assert [each.body["to"] for each in events(log, Kind.ROLLED_BACK)] == ["3"]


@pytest.mark.usefixtures("released")
def test_red_gates_are_passed_on_the_ground_of_the_earlier_release(back: Back, log: EventLog) -> None:
    """An override that names the release opens the door; without a refusal none is written."""
    back()
    assert events(log, Kind.OVERRIDE) == []
    back(refusals=["gate not-worse is to be evaluated against version 2"])
    (override,) = events(log, Kind.OVERRIDE)
    assert override.version == "1"
    assert override.digest == events(log, Kind.RELEASED)[0].digest
    assert override.body["reason"] == "rollback: wrong prices"
    assert override.body["ground"] == f"released as event {events(log, Kind.RELEASED)[0].number}"


@pytest.mark.usefixtures("released")
def test_whoever_releases_next_completes_a_rollback_that_was_killed(
    back: Back, release: Step, log: EventLog
) -> None:
    """Killed after the registry was told, the rollback is done and written down by the next run, once."""

    def die() -> Release:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back(serve=die)
    assert events(log, Kind.ROLLED_BACK) == []
    assert release().version == "2"
    assert not release().changed
    (event,) = events(log, Kind.ROLLED_BACK)
    assert event.body["reason"] == "wrong prices"


@pytest.mark.usefixtures("released")
def test_a_promotion_during_a_rollback_wins_and_is_told(
    back: Back, registry: ShelfRegistry, release: Step
) -> None:
    """What is promoted last is served; who asked for the rollback must not take it for done."""

    def overtaken() -> Release:
        registry.in_production[MODEL] = "3"
        return release()

    with pytest.raises(
        ReleaseError, match="version 3 serves, because it was promoted after the rollback to 2"
    ):
        back(serve=overtaken)


@pytest.mark.usefixtures("released")
def test_a_registry_that_refuses_leaves_everything_as_it_was(
    back: Back, release: Step, registry: ShelfRegistry, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later promotion of that version is then no rollback."""

    def refuse(version: object) -> None:
        raise RegistryError("the registry is down")

    with monkeypatch.context() as patch:
        patch.setattr(registry, "put_in_production", refuse)
        with pytest.raises(RegistryError, match="is down"):
            back()
    assert registry.in_production[MODEL] == "3"
    registry.in_production[MODEL] = "2"
    assert release().version == "2"
    assert events(log, Kind.ROLLED_BACK) == []


@pytest.mark.usefixtures("released")
def test_other_bytes_under_the_number_are_refused(
    back: Back, registry: ShelfRegistry, target: ThreadTarget, workspace: Path, tmp_path: Path
) -> None:
    """Where the kept package is gone and the registry's is another one now, nothing comes back."""
    for kept in (workspace / "packages").glob("*-2-*"):
        kept.rename(tmp_path / "gone")
    registry.packages[MODEL, "2"] = make_package(tmp_path / "shelf" / "forged", intercept=99.0).root
    with pytest.raises(PackageError, match="somebody changed them"):
        back()
    found = target.current("production")
    assert found is not None
    assert found.version == "3"
