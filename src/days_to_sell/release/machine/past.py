"""What the log says of earlier releases of a model at a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.key import DONE, ROLLBACK, STARTED, Key, key_of

ROLLBACK_LASTS = timedelta(hours=1)
# What a release ends with at a place that serves, and at a repository that says what is to serve.
ENDS = (Kind.RELEASED, Kind.COMMITTED)
# What may open a door that was shut: a new look at the gates, a person's word, another promotion.
REOPENS = (Kind.PROMOTED, Kind.GATES, Kind.OVERRIDE)


@dataclass(frozen=True)
class Attempt:
    """One release, from its first step to its end, over as many runs as it takes.

    Args:
        id: What tells it from others.
        key: What it is about, as far as that is known.
        rows: Its steps' events, in order.
        end: The event that ended it; ``None`` while it can be continued.
        failures: What went wrong meanwhile and may pass: at which step, and why.
    """

    id: str
    key: Key
    rows: tuple[Event, ...] = ()
    end: Event | None = None
    failures: tuple[tuple[str, str], ...] = ()

    def made(self, step: str) -> Mapping[str, Any] | None:
        """Give what a step made; ``None`` unless the last that was written of it is that it was done."""
        told = [row.body for row in self.rows if row.body.get("step") == step]
        return told[-1] if told and told[-1].get("state") == DONE else None

    def began(self, step: str) -> bool:
        """Whether a step was ever begun."""
        return any(row.body.get("step") == step for row in self.rows)


@dataclass(frozen=True)
class Past:
    """What is known of a model at a place.

    Args:
        released: Every release that succeeded, in order.
        attempts: Releases that were begun after the last of these, in order.
    """

    released: tuple[Event, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @classmethod
    def read(cls, log: EventLog, model: str, place: str) -> Past:
        """Read the log.

        Raises:
            EventLogError: It does not answer.
        """
        released = tuple(each for each in log.read(model, kinds=ENDS) if _at(each, place))
        after = released[-1].position if released else 0
        since = log.read(model, kinds=(Kind.STEP, Kind.FAILED), after=after)
        return cls(released, _attempts([each for each in since if _at(each, place)]))

    @property
    def last_released(self) -> Event | None:
        """The release that succeeded last."""
        return self.released[-1] if self.released else None

    @property
    def unfinished(self) -> Attempt | None:
        """The newest release that was begun and has no end."""
        return self.attempts[-1] if self.attempts and self.attempts[-1].end is None else None

    def release_of(self, version: str) -> Event | None:
        """Find the last release of a version that succeeded."""
        return next((each for each in reversed(self.released) if each.version == version), None)

    def refusal_of(self, log: EventLog, model: str, version: str) -> Event | None:
        """Find the refusal that still stands of a version: nothing was written since that could change it."""
        last = self.attempts[-1] if self.attempts else None
        if last is None or last.end is None or last.end.version != version:
            return None
        since = log.read(model, version=version, kinds=REOPENS, after=last.end.position)
        return None if since else last.end


def rollback_to(log: EventLog, model: str, version: str, place: str) -> Event | None:
    """Find the rollback to a version that was asked for and is not done yet."""
    told = log.read(model, version=version, kinds=(Kind.STEP, Kind.ROLLED_BACK))
    told = [each for each in told if _at(each, place)]
    told = [each for each in told if each.kind == Kind.ROLLED_BACK or each.body.get("step") == ROLLBACK]
    if not told or told[-1].kind == Kind.ROLLED_BACK or told[-1].body.get("state") != STARTED:
        return None
    # One that was killed before it changed the registry must not claim a promotion of another day.
    asked = datetime.fromisoformat(told[-1].at)
    return told[-1] if datetime.now(UTC) - asked < ROLLBACK_LASTS else None


def _at(event: Event, place: str) -> bool:
    return event.body.get("place") == place


def _attempts(events: list[Event]) -> tuple[Attempt, ...]:
    found: dict[str, Attempt] = {}
    for event in events:
        name = str(event.body.get("release", ""))
        if not name or event.body.get("step") == ROLLBACK:
            continue
        attempt = found.pop(name, None) or Attempt(name, key_of(event))
        if event.kind == Kind.FAILED:
            # A failure that may pass is told to people, and is no end.
            told = (str(event.body.get("step", "")), str(event.body.get("reason", "")))
            passing = bool(event.body.get("passing"))
            failures = (*attempt.failures, told)
            found[name] = replace(attempt, **({"failures": failures} if passing else {"end": event}))
        else:
            key = key_of(event) if event.digest else attempt.key
            found[name] = replace(attempt, key=key, rows=(*attempt.rows, event))
    return tuple(found.values())
