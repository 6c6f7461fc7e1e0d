"""Instants as people write them, and as the log writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from days_to_sell.errors import EventLogError


@dataclass(frozen=True)
class Instant:
    """A point in time.

    Args:
        at: In UTC, as the log writes times, so that the two compare as texts.
        zone: Which zone was taken, in words.
    """

    at: str
    zone: str


def read_instant(text: str) -> Instant:
    """Read a time in ISO 8601; one without a zone is taken as UTC, as the log's own are.

    >>> read_instant("2026-03-01T09:30+01:00").at
    '2026-03-01T08:30:00.000000+00:00'

    Raises:
        EventLogError: It is no time, or one that has not come yet.
    """
    try:
        told = datetime.fromisoformat(text)
        zoned = told.replace(tzinfo=UTC) if told.tzinfo is None else told
        at = zoned.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise EventLogError(
            f"{text[:60]!r} is no time; write it as 2026-03-01T09:30Z, or with the offset of a zone: +01:00"
        ) from error
    if at > datetime.now(UTC):
        raise EventLogError(f"{text} has not come yet; the log knows what was, not what will be")
    zone = "no zone was given: taken as UTC" if told.tzinfo is None else f"zone as given: {told.tzname()}"
    return Instant(at.isoformat(timespec="microseconds"), zone)
