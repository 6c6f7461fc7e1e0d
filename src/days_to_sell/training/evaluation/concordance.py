"""Concordance: how often, of two rows, the one predicted to take longer takes longer.

Every pair is compared, without listing pairs. Two ranks differ first at one bit, so at each bit the rows that
share the bits above it fall into a lower and an upper half, and a sum over the upper half of those that last
longer is a difference of two cumulative sums. That takes O(n log n) per vector of weights, and what does not
depend on the weights is worked out once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from days_to_sell.training.evaluation.curves import Bools, Floats
from days_to_sell.training.evaluation.outcomes import Ints, Outcomes, inverse

TIED = 0.5


@dataclass(frozen=True, eq=False)
class _Level:
    """Pairs of an event with rows that last longer, told by intervals of a cumulative sum.

    Args:
        events: Rows of the events.
        others: Rows to sum over, in order.
        first, last: For each event, the interval of ``others`` that it is compared with.
        credit: What such a pair counts.
    """

    events: Ints
    others: Ints
    first: Ints
    last: Ints
    credit: float

    @classmethod
    def of(cls, block: Ints, order: Ints, events: Bools, others: Bools, credit: float) -> _Level:
        """Pair events with the others of their block that come later in order."""
        span = int(order.max()) + 1
        key = block * span + order
        mine, theirs = np.flatnonzero(events), np.flatnonzero(others)
        theirs = theirs[np.argsort(key[theirs], kind="stable")]
        sorted_keys = key[theirs]
        first = np.searchsorted(sorted_keys, key[mine], side="right")
        last = np.searchsorted(sorted_keys, (block[mine] + 1) * span, side="left")
        paired = last > first
        return cls(mine[paired], theirs, first[paired], last[paired], credit)

    def sum(self, event_weights: Floats, weights: Floats) -> float:
        """Sum the product of both weights over the pairs."""
        sums = np.concatenate([[0.0], np.cumsum(weights[self.others])])
        return self.credit * float(event_weights[self.events] @ (sums[self.last] - sums[self.first]))


@dataclass(frozen=True, eq=False)
class Pairs:
    """The comparable pairs of a fold under one prediction.

    A pair is comparable when the shorter duration ended in a sale; a row lost on the day of another's sale
    lasted longer. Equal predictions count half.

    Args:
        outcomes: The fold.
        concordant: Levels that find the pairs in order.
        comparable: The level that finds all pairs.
    """

    outcomes: Outcomes
    concordant: tuple[_Level, ...]
    comparable: _Level

    @classmethod
    def of(cls, outcomes: Outcomes, days: Floats) -> Pairs:
        """Prepare a fold's pairs.

        Args:
            outcomes: The fold.
            days: One prediction a row; only their order counts.
        """
        _, rank = np.unique(days, return_inverse=True)
        order = 2 * outcomes.place + ~outcomes.observed
        events, everyone = outcomes.observed, np.ones(len(days), dtype=bool)
        levels = [_Level.of(rank, order, events, everyone, TIED)]
        for bit in range(int(rank.max()).bit_length()):
            upper = (rank >> bit) & 1 == 1
            levels.append(_Level.of(rank >> (bit + 1), order, events & ~upper, upper, 1.0))
        whole = _Level.of(np.zeros_like(rank), order, events, everyone, 1.0)
        return cls(outcomes, tuple(levels), whole)

    def harrell(self, weights: Floats) -> float:
        """Give Harrell's concordance over the whole follow-up (Harrell et al., 1982); NaN without pairs."""
        return self._share(weights * self.outcomes.observed, weights)

    def uno(self, weights: Floats) -> float:
        """Give the concordance up to the horizon that does not lean on the censoring; NaN without pairs.

        Each pair counts one over the squared chance to be followed until its sale (Uno et al., 2011).
        """
        chance = self.outcomes.followed_until(weights)
        return self._share(weights * self.outcomes.events * inverse(chance) ** 2, weights)

    def _share(self, event_weights: Floats, weights: Floats) -> float:
        every = self.comparable.sum(event_weights, weights)
        in_order = sum(level.sum(event_weights, weights) for level in self.concordant)
        return in_order / every if every > 0 else float("nan")
