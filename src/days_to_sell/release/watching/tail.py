"""The end of the log: which models something happened to that a release has to look at."""

from __future__ import annotations

from collections.abc import Iterable

from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.key import ROLLBACK

# What a release writes itself is no news to it.
NEWS = (Kind.PROMOTED, Kind.WITHDRAWN, Kind.GATES, Kind.OVERRIDE, Kind.STEP)


class Tail:
    """What was written since the last look.

    It compares the ends of the models' chains. Within a chain, events come in order; in the whole log, one
    with a lower position may appear after one with a higher, for transactions commit when they like.

    Args:
        log: The event log.
        models: Those to look after.
    """

    def __init__(self, log: EventLog, models: Iterable[str]) -> None:
        self._log = log
        self._seen = {model: log.head(model).number for model in models}
        self._after = {model: self._position(model) for model in self._seen}

    def news(self) -> set[str]:
        """Name the models that something happened to.

        Raises:
            EventLogError: The log does not answer.
        """
        return {model for model in self._seen if self._has_news(model)}

    def _has_news(self, model: str) -> bool:
        number = self._log.head(model).number
        if number == self._seen[model]:
            return False
        fresh = self._log.read(model, after=self._after[model])
        if fresh:
            self._seen[model], self._after[model] = fresh[-1].number, fresh[-1].position
        return any(_is_news(event) for event in fresh)

    def _position(self, model: str) -> int:
        # What happened before the daemon began is found by its first look at the registry.
        events = self._log.read(model)
        if not events:
            return 0
        self._seen[model] = events[-1].number
        return events[-1].position


def _is_news(event: Event) -> bool:
    if event.kind == Kind.STEP:
        return event.body.get("step") == ROLLBACK
    return event.kind in NEWS
