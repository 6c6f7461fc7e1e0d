"""Watching a canary: looks at both versions until the judge has seen enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from days_to_sell.errors import MonitorError, TargetError
from days_to_sell.release.canary.evidence import Counts, Reading, read_counts, total
from days_to_sell.release.canary.judge import Judge
from days_to_sell.release.canary.rule import Rule, Verdict
from days_to_sell.release.canary.seam import Replica, Sides
from days_to_sell.release.monitoring.looks import metrics_of
from days_to_sell.release.target import Report

LOOK_SECONDS = 1.0
TOLD_SECONDS = 10.0


@dataclass
class Tally:
    """What a set of replicas counted since the last look; nothing of what was before the first.

    Args:
        fetch: Gives the metrics of a service.
        clock: Tells the time in seconds.
    """

    fetch: Callable[[str], str]
    clock: Callable[[], float]
    _before: dict[str, tuple[Reading, int]] = field(default_factory=dict)
    _heard: dict[str, float] = field(default_factory=dict)

    def look(self, replicas: Sequence[Replica]) -> Counts:
        """Ask each replica; one that does not answer now is asked again the next time.

        Raises:
            CanaryError: One serves something else.
        """
        return total(self._counted(replica) for replica in replicas)

    def silent(self) -> tuple[str, float]:
        """Name the replica that has told nothing for the longest time, and that time in seconds."""
        name, heard = min(self._heard.items(), key=lambda each: each[1], default=("", self.clock()))
        return name, self.clock() - heard

    def _counted(self, replica: Replica) -> Counts:
        self._heard.setdefault(replica.name, self.clock())
        if replica.url is None:
            return Counts()
        try:
            told = self.fetch(replica.url)
        except MonitorError:
            return Counts()
        now = read_counts(told, replica.digest)
        self._heard[replica.name] = self.clock()
        before = self._before.get(replica.name)
        self._before[replica.name] = now, replica.lost
        if before is None:
            return Counts()
        reading, lost = before
        # A proxy that was started anew counts from zero again.
        newly = replica.lost - lost if replica.lost >= lost else replica.lost
        return now.after(reading) + Counts(requests=newly, failed=newly)


@dataclass(frozen=True)
class Watch:
    """Watches candidates by a rule.

    Args:
        rule: How they are judged.
        fetch: Gives the metrics of a service.
        clock: Tells the time in seconds.
        pause: Lets so many seconds pass.
    """

    rule: Rule
    fetch: Callable[[str], str] = metrics_of
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def judge(self, sides: Callable[[], Sides], still: Callable[[], None], report: Report) -> Verdict:
        """Look at both versions until there is a verdict.

        Args:
            sides: Names their replicas at this moment.
            still: Raises where the canary is not to go on.
            report: Takes a line of progress now and then.

        Raises:
            CanaryError: A replica serves something else.
            TargetError: It has not answered for as long as a replica may tell nothing.
            DaysToSellError: ``still`` says so.
        """
        judge, began = Judge(self.rule), self.clock()
        candidates, incumbents = Tally(self.fetch, self.clock), Tally(self.fetch, self.clock)
        told = answered = began
        while True:
            try:
                now, answered = sides(), self.clock()
            except TargetError:
                # The next look finds what this one missed.
                if self.clock() - answered >= self.rule.silent_seconds:
                    raise
                now = Sides((), ())
            judge.look(candidates.look(now.candidate), incumbents.look(now.incumbent))
            seconds = self.clock() - began
            verdict = judge.verdict(seconds) or self._silence(judge, candidates, seconds)
            if verdict:
                return verdict
            still()
            if self.clock() - told >= TOLD_SECONDS:
                told = self.clock()
                report(f"canary: {_progress(judge, self.rule)}")
            self.pause(LOOK_SECONDS)

    def _silence(self, judge: Judge, candidates: Tally, seconds: float) -> Verdict | None:
        name, silent = candidates.silent()
        if silent < self.rule.silent_seconds:
            return None
        seen = judge.candidate.requests
        reason = f"{name} has told nothing for {silent:.0f} s, after {seen} requests to the candidate"
        return judge.end("stopped", reason, seconds)


def _progress(judge: Judge, rule: Rule) -> str:
    evidence = ", ".join(f"{kind} {value:.2g}" for kind, value in judge.evidence.items())
    return (
        f"{judge.candidate.requests} of {rule.requests} requests to the candidate, "
        f"{judge.incumbent.requests} to what serves; evidence against it: {evidence}"
    )
