"""What people see of the daemon: lines, and on a terminal the states below them."""

from __future__ import annotations

import io

import pytest

from days_to_sell.registry.events.event import Actor, Event, Kind
from days_to_sell.release.watching.board import Board

MODELS = ("tiny-model", "other-model")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def step(state: str, **more: object) -> Event:
    """A step's event."""
    body = {"step": "image", "state": state, **more}
    return Event(1, "default", MODELS[0], 1, "", Kind.STEP, "2", "", Actor("x"), body, "", "")


def test_without_a_terminal_every_change_is_one_line() -> None:
    """A log collector gets whole lines with the model in them, and nothing twice."""
    out = io.StringIO()
    board = Board(MODELS, out)
    board.say(MODELS[0], "first\nsecond")
    board.event(step("started"))
    board.event(step("done", seconds=1.25))
    for _ in range(2):
        board.state(MODELS[1], "nothing is in Production")
    board.refresh()
    assert [line.split(" ", 1)[1] for line in out.getvalue().splitlines()] == [
        "tiny-model: first",
        "tiny-model: second",
        "tiny-model: version 2: image started",
        "tiny-model: version 2: image done in 1.2 s",
        "other-model: nothing is in Production",
    ]
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_the_states_stay_below_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are erased before a line is written, and shown anew with the seconds that have passed."""
    monkeypatch.setenv("COLUMNS", "80")
    out, now = Terminal(), 100.0
    board = Board(MODELS, out, clock=lambda: now)
    board.event(step("started"))
    board.event(step("done", seconds=1.25))
    out.truncate(out.seek(0))
    now = 107.0
    board.say(MODELS[0], "a line")
    erased, line, first, second = out.getvalue().splitlines()[0:1] + out.getvalue().splitlines()[0:3]
    assert erased.startswith("\x1b[2F\x1b[J")
    assert line.endswith("tiny-model: a line")
    assert first == "tiny-model  version 2: image done  7s  image 1.2s"
    assert second == "other-model  starting  7s"
    board.close()
    out.truncate(out.seek(0))
    board.say("", "the end")
    assert not out.getvalue().startswith("\x1b")
