"""What people see of the daemon: lines, and on a terminal below them the state of every model."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TextIO

from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.release.machine.key import DONE

# To the beginning of so many lines above, and everything from there on erased.
BACK = "\x1b[{}F\x1b[J"


@dataclass(frozen=True)
class Shown:
    """The state of one model.

    Args:
        text: What it is doing, in words.
        since: When that began, in seconds of the monotonic clock.
        steps: Steps of the release under way that are done, with the seconds that each took.
    """

    text: str = "starting"
    since: float = 0.0
    steps: tuple[tuple[str, float], ...] = ()


@dataclass
class Board:
    """Lines and states of several models, from several threads.

    Args:
        models: The models, in the order in which they are shown.
        out: Where to write.
        clock: Seconds that only rise.
    """

    models: Iterable[str]
    out: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic
    _states: dict[str, Shown] = field(default_factory=dict)
    _lines: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.models = tuple(self.models)
        self._states = {model: Shown(since=self.clock()) for model in self.models}
        self._live = self.out.isatty()

    def say(self, model: str, line: str) -> None:
        """Write a line; it stays."""
        with self._lock:
            self._erase()
            for each in line.splitlines():
                self.out.write(f"{time.strftime('%H:%M:%S')} {model + ': ' if model else ''}{each}\n")
            self._draw()

    def state(self, model: str, text: str) -> None:
        """Say what a model is doing; said again, it changes nothing."""
        with self._lock:
            if self._states[model].text == text:
                return
            self._states[model] = Shown(text, self.clock())
            if self._live:
                self.refresh()
            else:
                self.say(model, text)

    def event(self, event: Event) -> None:
        """Take what a release wrote down."""
        if event.kind != Kind.STEP or event.model not in self._states:
            return
        step, state = str(event.body.get("step")), str(event.body.get("state"))
        with self._lock:
            before = self._states[event.model]
            steps = before.steps
            if state == DONE:
                steps = (*steps, (step, float(event.body.get("seconds", 0.0))))
            text = f"version {event.version}: {step} {state}"
            self._states[event.model] = replace(before, text=text, since=self.clock(), steps=steps)
            if self._live:
                self.refresh()
            else:
                took = f" in {steps[-1][1]:.1f} s" if state == DONE else ""
                self.say(event.model, f"{text}{took}")

    def refresh(self) -> None:
        """Show the states as they are now, where there is a terminal."""
        with self._lock:
            self._erase()
            self._draw()

    def close(self) -> None:
        """Leave the states standing as the last lines."""
        with self._lock:
            self._lines = 0

    def _erase(self) -> None:
        if self._lines:
            self.out.write(BACK.format(self._lines))
        self._lines = 0

    def _draw(self) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            for model, shown in self._states.items():
                taken = " ".join(f"{step} {seconds:.1f}s" for step, seconds in shown.steps)
                line = f"{model}  {shown.text}  {self.clock() - shown.since:.0f}s  {taken}"
                self.out.write(f"{line[:width].rstrip()}\n")
            self._lines = len(self._states)
        self.out.flush()
