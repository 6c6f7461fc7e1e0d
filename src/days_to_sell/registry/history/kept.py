"""Ends of chains that are kept elsewhere: whoever can write the whole database cannot change those."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from days_to_sell.errors import EventLogError
from days_to_sell.registry.events.chain import Fault
from days_to_sell.registry.events.event import Event

_HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class KeptHead:
    """The end that a chain had at some time.

    Args:
        number: Of the event that was the last.
        hash: Its hash.
    """

    number: int
    hash: str

    def __str__(self) -> str:
        """Write it as it is kept."""
        return f"{self.number}:{self.hash}"


def read_head(text: str) -> KeptHead:
    """Read an end as it is kept, ``NUMBER:HASH``.

    Raises:
        EventLogError: It is none.
    """
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise EventLogError(
            f"{text[:80]!r} is no head of a chain; give NUMBER:HASH as `history verify` prints it"
        )
    return KeptHead(int(found[1]), found[2])


def held_against(kept: KeptHead, events: Sequence[Event]) -> tuple[Fault, ...]:
    """Compare a chain with an end that it had: later events may have come, that one must be there."""
    same = [event for event in events if event.number == kept.number]
    if not same:
        last = max((event.number for event in events), default=0)
        return (Fault(kept.number, f"missing: its hash was kept elsewhere, and the log ends at {last}"),)
    if same[0].hash != kept.hash:
        return (
            Fault(
                kept.number,
                f"not the one whose hash was kept: {kept.hash[:12]} then, {same[0].hash[:12]} now",
            ),
        )
    return ()
