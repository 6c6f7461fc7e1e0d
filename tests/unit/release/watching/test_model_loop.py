"""The loop of one model: what it releases, what it leaves alone, and what it puts up with."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from days_to_sell.errors import ProofError, RegistryError
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.place import place_of
from days_to_sell.release.outcome import Release
from days_to_sell.release.watching.board import Board
from days_to_sell.release.watching.model_loop import ModelLoop
from days_to_sell.release.watching.patience import Patience
from tests.packages import make_package
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget

Step = Callable[[], Release]


@dataclass
class Watched:
    """A loop with all that it looks at."""

    loop: ModelLoop
    registry: ShelfRegistry
    target: ThreadTarget
    written: io.StringIO
    calls: list[int] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state that people see last."""
        return self.written.getvalue().splitlines()[-1].partition(f"{MODEL}: ")[2]

    def serving(self) -> str | None:
        """Version that answers in production."""
        found = self.target.current("production")
        return found.version if found else None


@pytest.fixture
def watched(
    registry: ShelfRegistry,
    target: ThreadTarget,
    release: Step,
    log: EventLog,
    workspace: Path,
    tmp_path: Path,
) -> Watched:
    """Version 1 serves; version 2, which fails in production, has come into Production and was refused."""
    written, calls = io.StringIO(), list[int]()

    def counted(chosen: object) -> Release:
        calls.append(1)
        return release()

    loop = ModelLoop(
        MODEL,
        registry,
        lambda: target,
        log,
        place_of(workspace),
        "production",
        counted,
        Board([MODEL], written),
        Patience(30.0),
        lambda: False,
    )
    assert 24 <= loop.look() <= 36
    registry.add(MODEL, "2", make_package(tmp_path / "shelf" / "2"))
    target.spoilt = {"production"}
    loop.look()
    return Watched(loop, registry, target, written, calls)


def test_a_refused_version_is_left_alone(watched: Watched) -> None:
    """It is not tried with every look; what served serves, and the state says why."""
    assert watched.serving() == "1"
    assert 24 <= watched.loop.look() <= 36
    assert len(watched.calls) == 2
    assert watched.state.startswith("version 2 stays refused: tiny-model version 2 (production) at http")


@pytest.mark.parametrize("kind", [Kind.PROMOTED, Kind.GATES, Kind.OVERRIDE])
def test_it_is_tried_again_when_the_log_has_something_new_of_it(
    watched: Watched, log: EventLog, kind: Kind
) -> None:
    """Another promotion, gates that were evaluated, a person's word: any of them may have changed things."""
    watched.target.spoilt = set()
    log.append(NewEvent(MODEL, kind, Actor("tests"), "2"))
    watched.loop.look()
    assert watched.serving() == "2"


def test_it_is_tried_again_when_it_was_gone_and_came_back(watched: Watched) -> None:
    """A plain registry writes no event of a promotion; the looks in between tell it."""
    watched.registry.in_production[MODEL] = "1"
    watched.loop.look()
    watched.target.spoilt = set()
    watched.registry.in_production[MODEL] = "2"
    watched.loop.look()
    assert watched.serving() == "2"


def test_a_hand_made_release_is_not_held_back(watched: Watched, release: Step) -> None:
    """Whoever asks by hand is served at once, and the loop sees that it serves."""
    watched.target.spoilt = set()
    assert release().version == "2"
    watched.loop.look()
    assert watched.state.startswith("version 2 serves at http")


def test_what_is_down_is_asked_again_sooner_and_then_ever_more_rarely(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state says what does not answer, and that what serves keeps serving."""

    def down(*arguments: object) -> None:
        raise RegistryError("the registry refused registered model 'tiny-model': connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(watched.registry, "production", down)
        waits = [watched.loop.look() for _ in range(4)]
    assert all(2**number / 2 <= wait <= 2**number for number, wait in enumerate(waits))
    assert "connection refused; what serves keeps serving" in watched.state
    assert watched.serving() == "1"


def test_a_fault_of_the_program_itself_ends_no_loop(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown with its trace, and the next look comes."""

    def faulty(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(watched.registry, "production", faulty)
    assert watched.loop.look() <= 1
    assert "ZeroDivisionError" in watched.written.getvalue()


def test_an_empty_production_is_a_state_and_no_error(watched: Watched) -> None:
    """There is nothing to do, and what serves keeps serving."""
    watched.registry.in_production.clear()
    assert 24 <= watched.loop.look() <= 36
    assert watched.state == "nothing is in Production"
    assert watched.serving() == "1"


def test_a_refusal_waits_as_long_as_a_success(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes would only be refused again."""

    def refuse(target: object) -> Release:
        raise ProofError("differs")

    watched.loop.release = refuse
    watched.loop._moved = True
    assert 24 <= watched.loop.look() <= 36
