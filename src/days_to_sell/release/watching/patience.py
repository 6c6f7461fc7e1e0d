"""How long to wait before another look: never two programs in step, and longer after each failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import SystemRandom

FIRST_SECONDS, MOST_SECONDS = 1.0, 60.0
JITTER = 0.2


@dataclass
class Patience:
    """Waiting times.

    Args:
        every: Seconds between looks while all is well.
        first: Seconds after the first failure; each further one doubles it.
        most: The longest wait after a failure.
    """

    every: float
    first: float = FIRST_SECONDS
    most: float = MOST_SECONDS
    failures: int = 0
    _random: SystemRandom = field(default_factory=SystemRandom, repr=False)

    def after_success(self) -> float:
        """Give the wait until the next look."""
        self.failures = 0
        return self.every * self._random.uniform(1 - JITTER, 1 + JITTER)

    def after_failure(self) -> float:
        """Give the wait until the next attempt."""
        wait = min(self.most, self.first * 2**self.failures)
        # Beyond this, the number would only grow.
        self.failures = min(self.failures + 1, 32)
        # Half of it by chance: programs that failed together do not come back together.
        return wait * self._random.uniform(0.5, 1.0)
