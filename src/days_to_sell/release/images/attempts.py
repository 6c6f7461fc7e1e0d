"""Trying again what a registry did not do, each time after a longer wait."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from days_to_sell.release.images.refusals import RefusedError

Done = TypeVar("Done")


@dataclass(frozen=True)
class Attempts:
    """How often something is tried, and how long apart.

    Args:
        most: Attempts at most.
        seconds: The first wait; each further one is twice as long.
        longest: The longest wait, in seconds.
        pause: Waits.
    """

    most: int = 5
    seconds: float = 1.0
    longest: float = 30.0
    pause: Callable[[float], None] = time.sleep

    def make(self, act: Callable[[], Done], place: str, report: Callable[[str], None]) -> Done:
        """Act until it succeeds.

        Args:
            act: What to do.
            place: What is asked, for the report of an attempt that failed.
            report: Takes one line of progress.

        Raises:
            RefusedError: It was refused for good, or at the last attempt.
        """
        for attempt in range(1, self.most + 1):
            try:
                return act()
            except RefusedError as refusal:
                if not refusal.passing or attempt == self.most:
                    raise
                wait = self.wait_after(attempt)
                report(f"{refusal}; attempt {attempt} of {self.most}, the next in {wait:.1f} s")
                self.pause(wait)
        raise ValueError("no attempt was allowed")

    def wait_after(self, attempt: int) -> float:
        """How long to wait, in seconds: somewhat random, so that many do not come back at once."""
        wait = min(self.seconds * 2 ** (attempt - 1), self.longest)
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - nothing is kept secret by it
