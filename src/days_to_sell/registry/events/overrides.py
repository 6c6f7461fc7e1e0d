"""Which override of red gates is open: a word for the bytes of one version, as long as that is there."""

from __future__ import annotations

from collections.abc import Iterable

from days_to_sell.registry.events.event import Event, Kind

# What opens an override, and what ends it.
KINDS = (Kind.OVERRIDE, Kind.PROMOTED, Kind.WITHDRAWN)


def open_override(events: Iterable[Event], version: str, digest: str) -> Event | None:
    """Find by which event a person let these bytes pass, after the version last left Production.

    Args:
        events: Of one model, in the order of its chain; of these kinds at least.
        version: Number of the registered version.
        digest: Digest of its model package.
    """
    found = None
    for event in events:
        if event.kind == Kind.OVERRIDE and (event.version, event.digest) == (version, digest):
            found = event
        elif _leaves(event, version):
            found = None
    return found


def told(override: Event) -> str:
    """Say in one line why red gates were overridden, by whom, and whether that was checked."""
    who, sure = override.actor.name, "verified" if override.actor.verified else "claimed"
    reason = str(override.body.get("reason") or "").partition("\n")[0]
    return f"{reason} ({who}, {sure}; event {override.number})"


def _leaves(event: Event, version: str) -> bool:
    """Whether a version leaves Production with an event."""
    if event.kind == Kind.WITHDRAWN:
        return version in (event.version, event.body.get("from"))
    moved = event.body.get("from") == version and event.body.get("to", event.version) != version
    return event.kind == Kind.PROMOTED and moved
