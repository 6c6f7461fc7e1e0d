"""The judge of a canary: takes in what both versions counted, and says when it has seen enough."""

from __future__ import annotations

import math
from collections.abc import Sequence

from days_to_sell.release.canary.evidence import Counts
from days_to_sell.release.canary.rule import ERRORS, KINDS, LATENCY, PREDICTIONS, Outcome, Rule, Verdict
from days_to_sell.release.canary.sequential import Evidence

# Before so many of its requests were seen, the incumbent's slow answers are not known.
KNOWN_REQUESTS = 100


class Judge:
    """Judges one candidate by its share of the traffic.

    Args:
        rule: How.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self.candidate, self.incumbent = Counts(), Counts()
        self._errors = Evidence(1, rule.tolerated[ERRORS])
        self._latency = Evidence(1, rule.tolerated[LATENCY])
        self._predictions: Evidence | None = None
        self._edges: tuple[float, ...] = ()
        self._slow = (0, 0)
        self._bound = math.inf

    @property
    def evidence(self) -> dict[str, float]:
        """The e-process of each comparison."""
        predictions = self._predictions.value if self._predictions else 1.0
        return {ERRORS: self._errors.value, LATENCY: self._latency.value, PREDICTIONS: predictions}

    def look(self, candidate: Counts, incumbent: Counts) -> None:
        """Take in what both counted since the last look."""
        asked = (candidate.requests, incumbent.requests)
        self._errors.look(asked, [candidate.failed], [incumbent.failed])
        self._look_at_times(candidate, incumbent)
        self._look_at_days(candidate, incumbent)
        self.candidate += candidate
        self.incumbent += incumbent

    def verdict(self, seconds: float) -> Verdict | None:
        """Say how the canary ends; ``None`` while it goes on.

        Args:
            seconds: How long it has been watched.
        """
        needed, found = len(KINDS) / self._rule.alpha, self.evidence
        worst = max(KINDS, key=lambda kind: found[kind])
        if found[worst] >= needed:
            return self._ended("stopped", self._said(worst), seconds)
        seen = self.candidate.requests
        if seen >= self._rule.requests and self.incumbent.requests >= min(seen, KNOWN_REQUESTS):
            return self._ended("promoted", f"nothing against it in {seen} requests", seconds)
        if seconds >= self._rule.seconds:
            return self._ended("undecided", f"{seen} of {self._rule.requests} requests came in time", seconds)
        return None

    def end(self, outcome: Outcome, reason: str, seconds: float) -> Verdict:
        """End the canary for a reason that no counter tells."""
        return self._ended(outcome, reason, seconds)

    def _look_at_times(self, candidate: Counts, incumbent: Counts) -> None:
        # By what was seen before this look: its own requests have no say in what they are held against.
        self._bound = self._slow_bound()
        if self._bound == math.inf:
            return
        asked = (_timed(candidate), _timed(incumbent))
        slow = [
            timed - each.times.get(self._bound, 0)
            for timed, each in zip(asked, (candidate, incumbent), strict=True)
        ]
        self._latency.look(asked, slow[:1], slow[1:])

    def _slow_bound(self) -> float:
        timed = _timed(self.incumbent)
        if timed < KNOWN_REQUESTS:
            return math.inf
        fast = (1 - self._rule.slow_share) * timed
        known = sorted(bound for bound, count in self.incumbent.times.items() if count >= fast)
        return next((bound for bound in known if bound >= self._rule.slow_seconds), math.inf)

    def _look_at_days(self, candidate: Counts, incumbent: Counts) -> None:
        if self._predictions is None and incumbent.days:
            self._edges = tuple(sorted(incumbent.days))
            self._predictions = Evidence(2 * len(self._edges), self._rule.tolerated[PREDICTIONS])
        if self._predictions is not None and candidate.rows and incumbent.rows:
            mine, others = beyond(candidate, incumbent, self._edges)
            self._predictions.look((candidate.answered, incumbent.answered), mine, others)

    def _said(self, kind: str) -> str:
        mine, others = self._shares()[kind]
        what = {
            ERRORS: "requests without an answer",
            LATENCY: f"answers slower than {self._bound:g} s",
            PREDICTIONS: f"predictions {self._side()}",
        }
        return (
            f"{kind}: {mine:.1%} {what[kind]} against {others:.1%} at the incumbent, "
            f"after {self.candidate.requests} requests to the candidate"
        )

    def _side(self) -> str:
        """Say where predictions differ most."""
        if self._predictions is None:
            return ""
        edge, above = divmod(self._predictions.strongest, 2)
        return f"{'above' if above else 'up to'} {self._edges[edge]:g} days"

    def _shares(self) -> dict[str, tuple[float, float]]:
        both = (self.candidate, self.incumbent)
        mine, others = (each.failed / max(each.requests, 1) for each in both)
        shares = {ERRORS: (mine, others)}
        if self._bound < math.inf:
            mine, others = (1 - each.times.get(self._bound, 0) / max(_timed(each), 1) for each in both)
            shares[LATENCY] = (mine, others)
        if self._predictions and all(each.rows for each in both):
            strongest = self._predictions.strongest
            counted = (each[strongest] for each in beyond(*both, self._edges))
            mine, others = (hits / each.answered for hits, each in zip(counted, both, strict=True))
            shares[PREDICTIONS] = (mine, others)
        return shares

    def _ended(self, outcome: Outcome, reason: str, seconds: float) -> Verdict:
        return Verdict(
            outcome,
            reason,
            self._rule.share,
            self.candidate.requests,
            self.incumbent.requests,
            seconds,
            self.evidence,
            self._shares(),
        )


def beyond(
    candidate: Counts, incumbent: Counts, edges: Sequence[float]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Count predictions up to, and above, each of the incumbent's edges.

    The candidate's own edges are others. Its predictions count as beyond an edge where they are so for
    certain, which is never more than there are. A request counts once, however many rows it had: rows of one
    request went to the same version together.

    Args:
        candidate: What the candidate counted; at least one row.
        incumbent: What the incumbent counted; at least one row.
        edges: The incumbent's edges, ascending.

    Returns:
        Requests of the candidate, rounded down, and of the incumbent, rounded up: up to the first edge, above
        it, up to the second, and so on.
    """
    own = sorted(candidate.days)
    mine, others = [], []
    for edge in edges:
        below = candidate.days[max(fitting)] if (fitting := [each for each in own if each <= edge]) else 0
        above = min((each for each in own if each >= edge), default=math.inf)
        mine += [below, candidate.rows - candidate.days.get(above, candidate.rows)]
        others += [incumbent.days[edge], incumbent.rows - incumbent.days[edge]]
    return (
        tuple(each * candidate.answered // candidate.rows for each in mine),
        tuple(-(-each * incumbent.answered // incumbent.rows) for each in others),
    )


def _timed(counts: Counts) -> int:
    # A request that was never answered has no time.
    return counts.times.get(math.inf, 0)
