"""What a canary is allowed, and how it ends: values, and how a person writes a share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SMALLEST, LARGEST = 1, 50
Outcome = Literal["promoted", "stopped", "undecided"]
ERRORS, LATENCY, PREDICTIONS = "errors", "latency", "predictions"
KINDS = (ERRORS, LATENCY, PREDICTIONS)


@dataclass(frozen=True)
class Rule:
    """How a canary is judged.

    Args:
        share: Percent of the requests that the candidate gets.
        requests: Requests to the candidate after which it gets all of them, unless it was stopped.
        seconds: How long to wait for them.
        alpha: Chance, at most, to stop a candidate that is within everything that is tolerated.
        tolerated: Odds at the candidate, as a multiple of the incumbent's, that are no reason to stop it: of
            an error, of a slow answer, and of a prediction beyond any edge.
        slow_share: Share of the incumbent's requests that count as slow.
        slow_seconds: What is no slow answer in any case.
        silent_seconds: How long a replica of the candidate may tell nothing.
    """

    share: int = 10
    requests: int = 1_000
    seconds: float = 3_600.0
    alpha: float = 0.01
    tolerated: Mapping[str, float] = field(
        default_factory=lambda: {ERRORS: 1.0, LATENCY: 2.0, PREDICTIONS: 1.5}
    )
    slow_share: float = 0.05
    slow_seconds: float = 0.005
    silent_seconds: float = 15.0

    def __post_init__(self) -> None:
        """Refuse what cannot be judged by."""
        if not SMALLEST <= self.share <= LARGEST:
            raise ValueError(f"the share of a canary must be {SMALLEST}% to {LARGEST}%, not {self.share}%")
        if self.requests < 1 or self.seconds <= 0 or not 0 < self.alpha < 1:
            raise ValueError("a canary needs at least one request, some time, and a chance between 0 and 1")


@dataclass(frozen=True)
class Verdict:
    """How a canary ended.

    Args:
        outcome: ``promoted``, ``stopped``, or ``undecided`` where too few requests came.
        reason: Why.
        share: Percent of the requests that the candidate was to get.
        candidate: Requests that it got.
        incumbent: Requests that the incumbent got meanwhile.
        seconds: How long it was watched.
        evidence: The e-process of each comparison at the end.
        shares: Share at the candidate and at the incumbent of errors, of slow answers, and of predictions on
            the side of the edge where the two differ most.
    """

    outcome: Outcome
    reason: str
    share: int
    candidate: int
    incumbent: int
    seconds: float
    evidence: Mapping[str, float]
    shares: Mapping[str, tuple[float, float]]

    def to_body(self) -> dict[str, Any]:
        """Write it as the log keeps it."""
        return {
            "verdict": self.outcome,
            "verdict_reason": self.reason,
            "share_percent": self.share,
            "candidate_requests": self.candidate,
            "incumbent_requests": self.incumbent,
            "watched_seconds": round(self.seconds, 1),
            "evidence": {kind: float(f"{value:.3g}") for kind, value in self.evidence.items()},
            "shares": {kind: [round(each, 5) for each in pair] for kind, pair in self.shares.items()},
        }


def read_share(text: str) -> int:
    """Read a share as a person writes it.

    Raises:
        ValueError: It is no whole percentage that a canary can have.

    >>> read_share("10%"), read_share("0.1")
    (10, 10)
    """
    percent = re.fullmatch(r"\s*(\d{1,3})\s*%\s*", text)
    part = re.fullmatch(r"\s*0?\.(\d{1,2})\s*", text)
    if percent:
        return Rule(share=int(percent[1])).share
    if part:
        return Rule(share=int(part[1].ljust(2, "0"))).share
    raise ValueError(f"{text!r} is no share; write whole percent, such as 10%, or a part of one, such as 0.1")
