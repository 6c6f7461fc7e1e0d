"""Writing down what a release does, before and after each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from days_to_sell.registry.events.event import Actor, Event, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.key import DONE, FAILED, STARTED, Key
from days_to_sell.release.machine.tenure import Tenure

Told = Callable[[Event], None]


class Journal:
    """The log, as one release writes to it: nothing is written without the lease.

    Args:
        log: The event log.
        tenure: This program's right to act.
        actor: Who releases.
        place: Name of the place that is deployed to.
        release: What tells this release from others.
        told: Takes each event that was written.
    """

    def __init__(
        self, log: EventLog, tenure: Tenure, actor: Actor, place: str, release: str, told: Told
    ) -> None:
        self.release = release
        self._log, self._tenure, self._actor = log, tenure, actor
        self._place, self._told = place, told
        self._begun = 0.0

    def started(self, key: Key, step: str) -> None:
        """Write that a step begins."""
        self._begun = time.monotonic()
        self._write(Kind.STEP, key, {"step": step, "state": STARTED})

    def done(self, key: Key, step: str, made: Mapping[str, Any]) -> None:
        """Write that a step is done, and what it made."""
        self._write(Kind.STEP, key, {**made, "step": step, "state": DONE, "seconds": self._seconds()})

    def failed(self, key: Key, step: str, reason: str, found: Mapping[str, Any]) -> None:
        """Write that a step failed, and what it found."""
        told = {**found, "step": step, "state": FAILED, "reason": reason, "seconds": self._seconds()}
        self._write(Kind.STEP, key, told)

    def released(self, key: Key, what: Mapping[str, Any]) -> None:
        """Write that the version serves in production, proven."""
        self._write(Kind.RELEASED, key, what)

    def gave_up(self, key: Key, step: str, reason: str, *, passing: bool = False) -> None:
        """Write that the release failed.

        Args:
            key: What it was about.
            step: At which step.
            reason: Why.
            passing: Whether the next run may succeed, and goes on where this one stopped.
        """
        self._write(Kind.FAILED, key, {"step": step, "reason": reason, "passing": passing})

    def rolled_back(self, key: Key, asked: Event, seconds: float) -> None:
        """Write that the rollback that somebody asked for is done."""
        told = {name: asked.body.get(name) for name in ("from", "to", "reason")}
        self._write(Kind.ROLLED_BACK, key, {**told, "seconds": round(seconds, 3)}, asked.actor)

    def _write(self, kind: Kind, key: Key, body: Mapping[str, Any], actor: Actor | None = None) -> None:
        self._tenure.require()
        whole = {"key": str(key), "release": self.release, "place": self._place, **body}
        new = NewEvent(key.model, kind, actor or self._actor, key.version, key.digest, whole)
        self._told(self._log.append(new, self._tenure.lease))

    def _seconds(self) -> float:
        return round(time.monotonic() - self._begun, 3)
