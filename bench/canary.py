"""``python -m bench.canary``: how surely a canary stops a bad candidate, how soon, and how often a good one.

Requests are drawn, not sent: outcomes of simulated services go through the judge that releases use, with a
look after every 20 requests. The table of docs/guides/canary.md is its output; beside it stands what a test
does that was made for a single look.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, mean, quantiles

import click
import numpy as np
import numpy.typing as npt

from days_to_sell.release.canary.evidence import Counts
from days_to_sell.release.canary.judge import Judge
from days_to_sell.release.canary.rule import Rule, Verdict

BATCH, CANARIES, SEED = 20, 400, 7
# As the service tells them.
BOUNDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, math.inf)
ERRORS, MEDIAN_SECONDS, SPREAD_SECONDS = 0.001, 0.008, 0.5
MEDIAN_DAYS, SPREAD_DAYS = 30.0, 0.5


@dataclass(frozen=True)
class Service:
    """A service as its answers are distributed; the incumbent when nothing is said.

    Args:
        errors: Share of the requests that get no answer.
        slower: Its times, as a multiple of the incumbent's, which are log-normal.
        longer: Its predictions, likewise.
    """

    errors: float = ERRORS
    slower: float = 1.0
    longer: float = 1.0

    @property
    def edges(self) -> tuple[float, ...]:
        """Edges of its bins: tenths of its own predictions, as a profile has them."""
        tenths = (NormalDist().inv_cdf(tenth / 10) for tenth in range(1, 10))
        return tuple(MEDIAN_DAYS * self.longer * math.exp(SPREAD_DAYS * each) for each in tenths)

    def counts(self, requests: npt.NDArray[np.int64], random: np.random.Generator) -> Iterator[Counts]:
        """Answer so many requests between each two looks."""
        failed = random.binomial(requests, self.errors)
        times = random.multinomial(requests, self._shares_of_times()).cumsum(axis=1)
        days = random.multinomial(requests - failed, [0.1] * 10).cumsum(axis=1)
        edges = self.edges
        for asked, bad, took, told in zip(requests.tolist(), failed.tolist(), times, days, strict=True):
            seconds = dict(zip(BOUNDS, took.tolist(), strict=True))
            *below, rows = told.tolist()
            yield Counts(asked, bad, rows, seconds, dict(zip(edges, below, strict=True)))

    def _shares_of_times(self) -> list[float]:
        times = NormalDist(math.log(MEDIAN_SECONDS * self.slower), SPREAD_SECONDS)
        return [high - low for low, high in pairwise((0.0, *(times.cdf(math.log(each)) for each in BOUNDS)))]


CASES = {
    "the same": Service(),
    "answers 20 % slower": Service(slower=1.2),
    "predictions 10 % longer": Service(longer=1.1),
    "errors 1 % instead of 0.1 %": Service(errors=0.01),
    "errors 5 %": Service(errors=0.05),
    "every request an error": Service(errors=1.0),
    "answers twice as slow": Service(slower=2.0),
    "answers three times as slow": Service(slower=3.0),
    "predictions 50 % longer": Service(longer=1.5),
    "predictions twice as long": Service(longer=2.0),
    "predictions half as long": Service(longer=0.5),
}


def canary(candidate: Service, rule: Rule, random: np.random.Generator) -> Verdict:
    """Let a candidate go through one canary beside the incumbent."""
    judge = Judge(rule)
    while True:
        mine = random.binomial(np.full(50, BATCH), rule.share / 100)
        looks = zip(candidate.counts(mine, random), Service().counts(BATCH - mine, random), strict=True)
        for one, other in looks:
            judge.look(one, other)
            verdict = judge.verdict(0.0)
            if verdict:
                return verdict


def canaries(candidate: Service, rule: Rule, count: int, seed: int = SEED) -> Sequence[Verdict]:
    """Let a candidate go through many canaries."""
    random = np.random.default_rng(seed)
    return [canary(candidate, rule, random) for _ in range(count)]


def row(name: str, found: Sequence[Verdict]) -> str:
    """Write what became of a candidate as a line of a table."""
    outcomes = Counter(each.outcome for each in found)
    stopped = [each.candidate for each in found if each.outcome == "stopped"]
    if not stopped:
        return f"| {name} | 0 of {len(found)} | | |"
    often = quantiles(stopped, n=10)[-1] if len(stopped) > 1 else stopped[0]
    return f"| {name} | {outcomes['stopped']} of {len(found)} | {mean(stopped):.0f} | {often:.0f} |"


def stopped_by_peeking(rule: Rule, count: int, seed: int = SEED) -> int:
    """Count equal candidates that a test which is made for one look stops, where it is taken at each.

    It compares shares of slow answers, of which both have as many, by the normal approximation.
    """
    random = np.random.default_rng(seed)
    looks = round(rule.requests / (BATCH * rule.share / 100))
    mine = random.binomial(BATCH, rule.share / 100, (count, looks))
    asked = np.stack((mine, BATCH - mine)).cumsum(axis=2)
    slow = random.binomial(np.stack((mine, BATCH - mine)), rule.slow_share).cumsum(axis=2)
    of_all = slow.sum(axis=0) / asked.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(of_all * (1 - of_all) * (1 / asked[0] + 1 / asked[1]))
        above = (slow[0] / asked[0] - slow[1] / asked[1]) / error
    # It is no use to look before some slow answers are expected.
    known = asked[0] * rule.slow_share >= 5
    return int(((above > NormalDist().inv_cdf(1 - rule.alpha)) & known).any(axis=1).sum())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--canaries", "count", default=CANARIES, show_default=True, help="Canaries of each candidate.")
def main(count: int) -> None:
    """Print what became of simulated candidates."""
    rule = Rule()
    click.echo("| candidate | stopped | requests to it until then, mean | in 9 of 10 at most |")
    click.echo("| --- | --- | --- | --- |")
    for name, candidate in CASES.items():
        click.echo(row(name, canaries(candidate, rule, count)))
    peeking = stopped_by_peeking(rule, count)
    click.echo(
        f"\na test for a single look, taken at every look: stops {peeking} of {count} that are the same"
    )


if __name__ == "__main__":
    main()
