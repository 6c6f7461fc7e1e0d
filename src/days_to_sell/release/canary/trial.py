"""A canary as the production step of a release takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from days_to_sell.errors import CanaryError
from days_to_sell.release.canary.seam import CanaryTarget
from days_to_sell.release.canary.watch import Watch
from days_to_sell.release.target import Artifact, Deployment, Report, bring_back_on_failure


@dataclass(frozen=True)
class Trial:
    """Tries a candidate out, and lets it take over or takes it back.

    Args:
        target: What serves.
        watch: Judges it.
        still: Raises where the trial is not to go on: the program was asked to end, or another version is
            wanted by now.
        report: Takes lines of progress.
    """

    target: CanaryTarget
    watch: Watch
    still: Callable[[], None]
    report: Report

    def take(self, artifact: Artifact, environment: str) -> tuple[Deployment, Mapping[str, Any]]:
        """Give the artifact its share, watch it, and give it all requests unless something speaks against it.

        Returns:
            The candidate, which serves all requests, and what the log is to know.

        Raises:
            CanaryError: It was taken back; what served before serves all requests.
        """
        rule = self.watch.rule
        candidate = self.target.try_out(artifact, environment, rule.share)
        with bring_back_on_failure(lambda: self.target.restore(candidate)):
            self.report(
                f"canary: {candidate} gets {rule.share}% of the requests, and all of them after "
                f"{rule.requests} that nothing speaks against"
            )
            verdict = self.watch.judge(lambda: self.target.sides(candidate), self.still, self.report)
            told = verdict.to_body()
            if verdict.outcome == "stopped":
                raise CanaryError(
                    f"canary: {candidate} was stopped, and what served before serves all requests: "
                    f"{verdict.reason} and {verdict.incumbent} to the incumbent, in {verdict.seconds:.0f} s; "
                    "promote another version, or the one that serves: days-to-sell rollback "
                    f"{candidate.model}",
                    told,
                )
            if verdict.outcome == "undecided":
                raise CanaryError(
                    f"canary: {candidate} was taken back for want of evidence: {verdict.reason}; give it a "
                    "larger share, more time or fewer requests, or release it without --canary",
                    told,
                )
            self.target.take_over(candidate)
        self.report(f"canary: {candidate} takes over, {verdict.reason} in {verdict.seconds:.0f} s")
        return candidate, told
