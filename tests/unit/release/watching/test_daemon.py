"""The daemon: woken at once, one at work at a time, and ended cleanly."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.outcome import Release
from days_to_sell.release.watching.board import Board
from days_to_sell.release.watching.daemon import Daemon
from days_to_sell.release.watching.model_loop import ModelLoop
from days_to_sell.release.watching.patience import Patience
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget

MODELS = ("tiny-model", "other-model")
DEADLINE = 30.0


def until(true: Callable[[], bool]) -> None:
    """Wait for something that has to come about."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class CountingRegistry(ShelfRegistry):
    """A registry without anything in Production, which counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.held: threading.Event | None = None

    def production(self, model: str, serving: str | None = None) -> None:
        """Count; where the first model is held, it gets no answer yet."""
        if self.held and model == MODELS[0]:
            self.held.wait(DEADLINE)
        self.asked.append(model)


@dataclass
class Running:
    """A daemon in a thread, with the registry that it looks at."""

    log: EventLog
    registry: CountingRegistry = field(default_factory=CountingRegistry)
    written: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self.board = Board(MODELS, self.written)
        self.target = ThreadTarget()
        self.daemon = Daemon(self.loops, self.log, "here", self.board, lease_seconds=1.0)
        self.thread = threading.Thread(target=self.daemon.run)
        self.thread.start()

    def loops(self, halted: Callable[[], bool]) -> Sequence[ModelLoop]:
        """One loop for each model, which would look once an hour by itself."""
        return [
            ModelLoop(
                model,
                self.registry,
                lambda: self.target,
                self.log,
                "here",
                "production",
                _never,
                self.board,
                Patience(3600.0),
                halted,
            )
            for model in MODELS
        ]

    def at_work(self) -> bool:
        """Whether it has said so."""
        return "at work" in self.written.getvalue()

    def end(self) -> None:
        """End it, and wait for that."""
        self.daemon.end()
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive()


def _never(target: object) -> Release:
    raise AssertionError("nothing is in Production")


@pytest.fixture
def running(log: EventLog) -> Iterator[Running]:
    """A daemon at work that has looked once at each model."""
    running = Running(log)
    until(lambda: set(running.registry.asked) == set(MODELS))
    yield running
    running.end()


def test_an_event_makes_it_look_at_once_and_at_that_model_alone(running: Running, log: EventLog) -> None:
    """Its own look would come in an hour."""
    running.registry.asked.clear()
    log.append(NewEvent(MODELS[0], Kind.PROMOTED, Actor("tests"), "2"))
    until(lambda: bool(running.registry.asked))
    assert running.registry.asked == [MODELS[0]]


@pytest.mark.parametrize(
    ("hint", "looked"), [(MODELS[1], {MODELS[1]}), (None, set(MODELS)), ("stranger", set())]
)
def test_a_hint_makes_it_look(running: Running, hint: str | None, looked: set[str]) -> None:
    """One without a name is about all of them; one about another model about none."""
    running.registry.asked.clear()
    running.daemon.hint(hint)
    until(lambda: set(running.registry.asked) == looked)


def test_a_model_that_hangs_holds_up_no_other(running: Running, log: EventLog) -> None:
    """Each has a thread of its own."""
    running.registry.held = threading.Event()
    running.registry.asked.clear()
    running.daemon.hint(None)
    until(lambda: running.registry.asked == [MODELS[1]])
    running.registry.held.set()
    until(lambda: set(running.registry.asked) == set(MODELS))


def test_a_second_one_stands_by_and_takes_over(running: Running, log: EventLog) -> None:
    """While one is at work the other does nothing; when it ends, the other goes to work."""
    second = Running(log)
    try:
        until(lambda: "standing by, waiting: " in second.written.getvalue())
        assert not second.at_work()
        assert second.registry.asked == []
        running.end()
        until(lambda: set(second.registry.asked) == set(MODELS))
    finally:
        second.end()
    assert "ended" in second.written.getvalue()


def test_one_that_lost_its_lease_stops_and_stands_by(running: Running, log: EventLog) -> None:
    """Another program took over while this one slept: it looks at nothing until it has the lease again."""
    taken = None

    def take() -> bool:
        nonlocal taken
        taken = log.leases.acquire("watch here", "another", 60)
        return taken is not None

    # What a sleep would do: the lease runs out under its holder, and another is quicker.
    holder = log.leases.holder("watch here")
    assert holder is not None
    mine = log.leases.acquire("watch here", holder, 60)
    assert mine is not None
    log.leases.release(mine)
    if not take():
        pytest.fail("the holder renewed in between")
    until(lambda: "standing by, waiting: another holds" in running.written.getvalue())
    running.registry.asked.clear()
    assert taken is not None
    log.leases.release(taken)
    until(lambda: set(running.registry.asked) == set(MODELS))
