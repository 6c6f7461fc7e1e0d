"""How far a long transfer is, told every few seconds and not at all where it is quick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY_SECONDS = 2.0


@dataclass
class Progress:
    """Bytes of one transfer, which several threads may count.

    Args:
        doing: What is done to what.
        total: Bytes that there are.
        report: Takes one line of progress.
        clock: Tells seconds.
    """

    doing: str
    total: int
    report: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    _told: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin to wait for the first line."""
        self._told = self.clock()

    def more(self, count: int) -> None:
        """Count bytes, and tell how far it is where that was long ago."""
        with self._lock:
            self.done += count
            if self.clock() - self._told >= EVERY_SECONDS:
                self._told = self.clock()
                self.report(f"{self.doing}: {self.done / 1e6:.0f} of {self.total / 1e6:.0f} MB")
