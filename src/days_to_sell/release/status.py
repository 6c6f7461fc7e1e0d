"""The state of releases, as the event log tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from days_to_sell.registry.events import overrides
from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.release.machine.key import FAILED, STARTED

RELEASED, COMMITTED, ROLLED_BACK = "released", "committed", "rolled back"
ENDS = {
    Kind.RELEASED: RELEASED,
    Kind.COMMITTED: COMMITTED,
    Kind.FAILED: FAILED,
    Kind.ROLLED_BACK: ROLLED_BACK,
}
TOLD = (Kind.STEP, *ENDS)
KINDS = (*TOLD, *overrides.KINDS)


@dataclass(frozen=True)
class StepState:
    """How far one step of a release is.

    Args:
        model: Name of the registered model.
        version: Version that is released.
        step: The step; ``release`` for the whole.
        state: ``started``, ``done``, ``failed``, ``released``, ``committed`` or ``rolled back``.
        since: When that was written, in UTC as ISO 8601.
        seconds: How long the step took; ``None`` while it is under way.
        reason: Why it failed, or was asked for; empty else.
        release: What tells this release from others.
        place: Name of the place that is deployed to.
        override: Why its red gates were overridden, and by whom; empty where that does not hold now.
    """

    model: str
    version: str
    step: str
    state: str
    since: str
    seconds: float | None
    reason: str
    release: str
    place: str
    override: str = ""


def states(events: Sequence[Event], releases: int = 1) -> tuple[StepState, ...]:
    """Tell how far the newest releases of a model are, step by step, each as it was written last.

    Args:
        events: Of one model and of these kinds, in order.
        releases: How many releases to tell of at each place.
    """
    found: dict[tuple[str, str], dict[str, Event]] = {}
    for event in (each for each in events if each.kind in TOLD):
        name, place = str(event.body.get("release", "")), str(event.body.get("place", ""))
        # A release that was continued is as new as its last row.
        rows = found.pop((place, name), {})
        step = _step(event)
        rows.pop(step, None)
        found[place, name] = rows | {step: event}
    newest: dict[str, list[dict[str, Event]]] = {}
    for (place, _), rows in found.items():
        newest.setdefault(place, []).append(rows)
    chosen = (rows for each in newest.values() for rows in each[-releases:])
    return tuple(
        _state(event, step, _override(events, rows)) for rows in chosen for step, event in rows.items()
    )


def _override(events: Sequence[Event], rows: Mapping[str, Event]) -> str:
    """Say by what a release passes red gates; its digest stands in its rows once the package is fetched."""
    found = (overrides.open_override(events, row.version, row.digest) for row in rows.values() if row.digest)
    return next((overrides.told(each) for each in found if each), "")


def _step(event: Event) -> str:
    return "release" if event.kind in ENDS else str(event.body.get("step", ""))


def _state(event: Event, step: str, override: str) -> StepState:
    body = event.body
    taken = body.get("seconds")
    state = ENDS.get(Kind(event.kind)) or str(body.get("state", STARTED))
    return StepState(
        event.model,
        event.version,
        step,
        state,
        event.at,
        float(taken) if isinstance(taken, int | float) else None,
        str(body.get("reason") or ""),
        str(body.get("release", "")),
        str(body.get("place", "")),
        override,
    )
