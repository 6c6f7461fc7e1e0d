"""A test that may be looked at after every request: evidence that a candidate does something more often.

Each look is a 2x2 table: requests to the candidate and to the incumbent, with and without a hit (an error, a
slow answer, a prediction beyond an edge). Given both margins, the candidate's hits follow Fisher's noncentral
hypergeometric distribution with the odds ratio between the two. The factor of a look is the likelihood ratio
of a larger odds ratio and the tolerated one: its expectation is at most 1 as long as the tolerated one is not
exceeded, whatever came before and whatever share of the requests hits. So the product over the looks, and any
mean of such products, is an e-process: the chance that it ever reaches ``1 / alpha`` is at most ``alpha``
(Ville, 1939). The mean over several larger odds ratios is Robbins' mixture (1970).

Johari, Koomen, Pekelis and Walsh, Always valid inference, 2022; Howard, Ramdas, McAuliffe and Sekhon,
Time-uniform, nonparametric, nonasymptotic confidence sequences, 2021; Waudby-Smith and Ramdas, Estimating
means of bounded random variables by betting, 2024; for two streams: Turner, Ly and Grünwald, 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# How many times the tolerated odds a candidate is suspected of: each has an equal part in the mean.
SUSPECTED = (1.3, 1.7, 2.5, 5.0, 15.0, 60.0)


class Evidence:
    """Evidence that the candidate exceeds the tolerated odds ratio in at least one kind of hit.

    Args:
        kinds: How many kinds of hits are counted on the same requests.
        tolerated: Odds of a hit at the candidate, as a multiple of the incumbent's, that are no evidence.
    """

    def __init__(self, kinds: int, tolerated: float) -> None:
        self._odds = (tolerated, *(tolerated * times for times in SUSPECTED))
        self._steps = np.log(np.array(SUSPECTED))
        self._logs = np.zeros((kinds, len(SUSPECTED)))

    @property
    def value(self) -> float:
        """The e-process: 1 before the first look, and above ``1 / alpha`` with chance ``alpha`` at most."""
        return float(np.exp(np.minimum(np.logaddexp.reduce(self._logs, axis=None), 700.0)) / self._logs.size)

    @property
    def strongest(self) -> int:
        """The kind of hit that there is most evidence about."""
        return int(np.argmax(np.logaddexp.reduce(self._logs, axis=1)))

    def look(
        self, requests: tuple[int, int], candidate_hits: Sequence[int], incumbent_hits: Sequence[int]
    ) -> None:
        """Take in what came since the last look.

        Args:
            requests: To the candidate, and to the incumbent.
            candidate_hits: Of its requests, those with a hit, by kind.
            incumbent_hits: Likewise.
        """
        # A side without requests says nothing about the other.
        if not all(requests):
            return
        for kind, (mine, others) in enumerate(zip(candidate_hits, incumbent_hits, strict=True)):
            if 0 < mine + others < sum(requests):
                self._logs[kind] += mine * self._steps - _excess(requests, mine + others, self._odds)


@lru_cache(maxsize=4096)
def _excess(requests: tuple[int, int], hits: int, odds: tuple[float, ...]) -> NDArray[np.float64]:
    """Logarithms of the distribution's normaliser at suspected odds ratios, less that at the tolerated."""
    candidate, incumbent = requests
    mine = np.arange(max(0, hits - incumbent), min(candidate, hits) + 1)
    weights = _log_choices(candidate)[mine] + _log_choices(incumbent)[hits - mine]
    sums = np.logaddexp.reduce(weights + np.log(np.array(odds))[:, None] * mine, axis=1)
    found: NDArray[np.float64] = sums[1:] - sums[0]
    return found


@lru_cache(maxsize=64)
def _log_choices(count: int) -> NDArray[np.float64]:
    """Logarithms of ``count`` choose 0, 1, ... ``count``."""
    factorials = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, count + 1)))))
    found: NDArray[np.float64] = factorials[-1] - factorials - factorials[::-1]
    return found
