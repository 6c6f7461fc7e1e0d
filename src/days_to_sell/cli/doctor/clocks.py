"""Clocks: how far those of the servers are from this machine's, read from answers that came anyway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from days_to_sell.cli.doctor.finding import Note

# A lease of the release lasts 12 seconds, a webhook's signature is fresh for 300, S3's for 900.
BEARABLE_SECONDS = 5.0


@dataclass(frozen=True)
class Reading:
    """What one clock showed.

    Args:
        place: Whose.
        ahead: Seconds by which it is ahead of this machine's.
        doubt: Seconds by which that may be wrong: half of what the answer took, and what was rounded off.
    """

    place: str
    ahead: float
    doubt: float

    @property
    def off(self) -> bool:
        """Whether it is certain that the two are too far apart."""
        return abs(self.ahead) - self.doubt > BEARABLE_SECONDS


@dataclass
class Clocks:
    """Readings that looks at other parts leave here."""

    readings: list[Reading] = field(default_factory=list)

    @contextmanager
    def timing(self, place: str) -> Iterator[list[float | str]]:
        """Take the time of a question; what the answer says it was goes into the list."""
        before, shown = time.time(), list[float | str]()
        try:
            yield shown
        finally:
            after = time.time()
            for each in shown:
                read = _seconds(each)
                if read is not None:
                    # A header of HTTP has whole seconds, rounded down.
                    rounded = 0.5 if isinstance(each, str) else 0.0
                    ahead = read + rounded - (before + after) / 2
                    self.readings.append(Reading(place, ahead, (after - before) / 2 + rounded))

    def compare(self) -> str:
        """Say whether all agree.

        Raises:
            Note: One is off, or there was none to read.
        """
        if not self.readings:
            raise Note("not configured: no server was asked whose clock could be compared")
        off = {each.place: f"{each.place} {each.ahead:+.0f} s" for each in self.readings if each.off}
        if off:
            raise Note(
                f"not this machine's time: {', '.join(off.values())}",
                "let all machines take their time from the same NTP servers (see timedatectl); "
                "leases, webhooks and signatures of S3 rest on it",
            )
        places = ", ".join(dict.fromkeys(each.place for each in self.readings))
        return f"within {BEARABLE_SECONDS:.0f} s of this machine's: {places}"


def _seconds(shown: float | str) -> float | None:
    if not isinstance(shown, str):
        return shown
    try:
        return parsedate_to_datetime(shown).timestamp()
    except ValueError:
        return None
