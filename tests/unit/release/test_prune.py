"""Pruning: what is kept for no use goes, and nothing that anybody may want back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.place import place_of
from days_to_sell.release.outcome import Release
from days_to_sell.release.packages import SHELF
from days_to_sell.release.prune import Leftover, drop, leftovers
from days_to_sell.release.rollback import Rollback
from days_to_sell.release.target import Deployment
from tests.packages import make_package
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget

Step = Callable[[], Release]
Find = Callable[..., Sequence[Leftover]]


@pytest.fixture
def released(registry: ShelfRegistry, release: Step, tmp_path: Path) -> None:
    """Versions 1 to 4 were released in turn; 4 serves."""
    release()
    for number in ("2", "3", "4"):
        registry.add(MODEL, number, make_package(tmp_path / "shelf" / number, intercept=10.0 * int(number)))
        release()


@pytest.fixture
def find(log: EventLog, workspace: Path) -> Find:
    """Find leftovers where no engine answers."""

    def found(
        keep: int = 1, production: str | None = "4", serving: Sequence[Deployment] = ()
    ) -> Sequence[Leftover]:
        return leftovers(
            log,
            MODEL,
            place_of(workspace),
            workspace,
            production=production,
            serving=serving,
            engine=None,
            keep=keep,
        )

    return found


def versions(found: Sequence[Leftover]) -> list[str]:
    """Whose they are."""
    return [each.key.version for each in found]


@pytest.mark.usefixtures("released")
def test_the_newest_stay_with_the_one_to_go_back_to(find: Find) -> None:
    """A rollback from version 4 goes to version 3, whatever number is to be kept."""
    assert versions(find(keep=1)) == ["1", "2"]
    assert versions(find(keep=3)) == ["1"]
    assert versions(find(keep=4)) == []


@pytest.mark.usefixtures("released")
def test_the_one_to_go_back_to_is_the_one_that_a_rollback_takes(
    find: Find, registry: ShelfRegistry, release: Step, aides: Aides, workspace: Path
) -> None:
    """After one from 4 to 3 the next would go to 2, and never to 4 again."""
    Rollback(registry, MODEL, workspace, aides, lambda *_: (), release, print).run("wrong prices")
    assert registry.in_production[MODEL] == "3"
    assert versions(find(production="3")) == ["1", "4"]


@pytest.mark.usefixtures("released")
def test_what_is_in_production_or_serves_stays(find: Find, target: ThreadTarget, log: EventLog) -> None:
    """Production may name what was never released again; what runs may be older than the newest."""
    assert versions(find(production="1")) == ["2", "3"]
    first = log.read(MODEL, kinds=(Kind.RELEASED,))[0]
    running = Deployment("preprod", "http://127.0.0.1:1", MODEL, "1", first.digest)
    assert versions(find(serving=(running,))) == ["2"]


@pytest.mark.usefixtures("released")
def test_what_a_release_is_at_work_on_stays(
    find: Find,
    registry: ShelfRegistry,
    release: Step,
    target: ThreadTarget,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on with the package that it fetched."""

    def down(*_: object) -> Deployment:
        raise TargetError("down")

    registry.add(MODEL, "5", make_package(tmp_path / "shelf" / "5"))
    monkeypatch.setattr(target, "deploy", down)
    with pytest.raises(TargetError, match="down"):
        release()
    assert versions(find()) == ["1", "2"]
    registry.add(MODEL, "6", make_package(tmp_path / "shelf" / "6", intercept=60.0))
    with pytest.raises(TargetError, match="down"):
        release()
    assert versions(find()) == ["1", "2", "5"]


@pytest.mark.usefixtures("released")
def test_what_was_dropped_is_gone_and_what_no_release_made_stays(find: Find, workspace: Path) -> None:
    """A second look finds nothing; a release of what was dropped fetches it again."""
    stranger = workspace / SHELF / "tiny-model-1-notours"
    stranger.mkdir()
    for each in find():
        drop(each, None)
    assert find() == []
    left = sorted(path.name.rpartition("-")[0] for path in (workspace / SHELF).iterdir())
    assert left == ["tiny-model-1", "tiny-model-3", "tiny-model-4"]
    assert stranger.exists()


@pytest.mark.usefixtures("released")
def test_releases_of_another_place_are_none_of_this_one_s(find: Find, log: EventLog) -> None:
    """It has a workspace of its own, and may still want what this one would drop."""
    body = {"place": "elsewhere", "release": "r", "step": "package", "state": "done"}
    log.append(NewEvent(MODEL, Kind.STEP, Actor("ann@there"), "9", "sha256:9", body))
    assert versions(find()) == ["1", "2"]


@pytest.mark.usefixtures("released")
def test_what_cannot_be_removed_is_told(find: Find) -> None:
    """Somebody took the folder away meanwhile."""
    (first, *_) = find()
    assert first.folder is not None
    shutil.rmtree(first.folder)
    with pytest.raises(TargetError, match=r"tiny-model-1-\w+ cannot be removed: No such file or directory"):
        drop(first, None)
