"""Watching a canary: replicas that come, go and fall silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from days_to_sell.errors import MonitorError, StoppedError, TargetError
from days_to_sell.release.canary.rule import Rule
from days_to_sell.release.canary.seam import Replica, Sides
from days_to_sell.release.canary.watch import Watch

METRICS = """\
# TYPE days_to_sell_model_info gauge
days_to_sell_model_info{{digest="{digest}"}} 1.0
# TYPE days_to_sell_counting_since_seconds gauge
days_to_sell_counting_since_seconds {since}
# TYPE days_to_sell_requests_total counter
days_to_sell_requests_total{{path="/invocations",code="200"}} {well}
days_to_sell_requests_total{{path="/invocations",code="500"}} {failed}
# TYPE days_to_sell_request_duration_seconds histogram
days_to_sell_request_duration_seconds_bucket{{le="0.01"}} {well}
days_to_sell_request_duration_seconds_bucket{{le="+Inf"}} {well}
# TYPE days_to_sell_prediction_days histogram
days_to_sell_prediction_days_bucket{{le="30.0"}} {half}
days_to_sell_prediction_days_bucket{{le="+Inf"}} {well}
"""


@dataclass
class World:
    """Services whose counters go on with each second, which pass when they are waited for.

    Args:
        rates: Answers and errors a second, by the address of a replica.
    """

    rates: dict[str, tuple[int, int]]
    seconds: float = 0.0
    since: dict[str, float] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    lost: int = 0
    lines: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> str:
        """Tell what one has counted."""
        if url in self.silent:
            raise MonitorError("no answer")
        since, (well, failed) = self.since.get(url, -100.0), self.rates[url]
        age = int(self.seconds - since)
        return METRICS.format(
            digest=f"sha256:{url[0]}", since=since, well=well * age, failed=failed * age, half=well * age // 2
        )

    def sides(self) -> Sides:
        """Name two replicas of each."""
        candidates = tuple(Replica(name, name, "sha256:c", self.lost) for name in ("c1", "c2"))
        return Sides(candidates, tuple(Replica(name, name, "sha256:i") for name in ("i1", "i2")))

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    def watch(self, rule: Rule) -> Watch:
        """Watch it."""
        return Watch(rule, self.fetch, lambda: self.seconds, self.pause)


@pytest.fixture
def world() -> World:
    """Ten requests a second to the candidate, ninety to the incumbent, and no errors."""
    return World({"c1": (5, 0), "c2": (5, 0), "i1": (45, 0), "i2": (45, 0)})


def test_only_what_came_since_the_first_look_counts(world: World) -> None:
    """What was asked before, such as golden rows, is no live traffic."""
    verdict = world.watch(Rule(requests=200)).judge(world.sides, lambda: None, world.lines.append)
    assert (verdict.outcome, verdict.candidate, verdict.incumbent) == ("promoted", 200, 1800)
    assert verdict.seconds == 20
    assert world.lines[0].startswith("canary: 100 of 200 requests to the candidate, 900 to what serves")


def test_a_replica_that_dies_and_comes_back_spoils_no_count(world: World) -> None:
    """Its counters begin anew; none of them is counted twice, and none backwards."""

    def still() -> None:
        if world.seconds == 8:
            world.since["c1"] = 8.0

    verdict = world.watch(Rule(requests=200)).judge(world.sides, still, world.lines.append)
    assert verdict.outcome == "promoted"
    assert verdict.candidate == 200


def test_answers_that_never_came_are_errors_though_no_replica_counted_them(world: World) -> None:
    """The proxy waited for them in vain."""

    def still() -> None:
        world.lost += 1

    verdict = world.watch(Rule()).judge(world.sides, still, world.lines.append)
    assert verdict.outcome == "stopped"
    assert verdict.reason.startswith("errors: 1")
    assert verdict.candidate < 200


@pytest.mark.parametrize("gone", ["answers-nothing", "does-not-run"])
def test_a_candidate_that_falls_silent_is_stopped(world: World, gone: str) -> None:
    """One that answers no probe gets no requests either, so no request would tell."""

    def sides() -> Sides:
        found = world.sides()
        if gone == "answers-nothing" or world.seconds < 5:
            return found
        return Sides((Replica("c1", "c1", "sha256:c"), Replica("c2", None, "sha256:c")), found.incumbent)

    def still() -> None:
        if gone == "answers-nothing" and world.seconds >= 5:
            world.silent.add("c2")

    verdict = world.watch(Rule(silent_seconds=10)).judge(sides, still, world.lines.append)
    assert verdict.outcome == "stopped"
    assert verdict.reason.startswith("c2 has told nothing for 10 s")


def test_an_incumbent_that_falls_silent_is_no_fault_of_the_candidate(world: World) -> None:
    """The other replica is compared with."""
    world.silent.add("i2")
    verdict = world.watch(Rule(requests=200)).judge(world.sides, lambda: None, world.lines.append)
    assert (verdict.outcome, verdict.incumbent) == ("promoted", 900)


@pytest.mark.parametrize("begins", [0, 5])
def test_a_target_that_does_not_answer_for_a_while_ends_no_canary(world: World, begins: int) -> None:
    """What was counted meanwhile is found by the next look; but it has to come back."""

    def silent_for(seconds: int) -> Callable[[], Sides]:
        def sides() -> Sides:
            if begins <= world.seconds < begins + seconds:
                raise TargetError("the engine does not answer")
            return world.sides()

        return sides

    rule = Rule(requests=200, silent_seconds=10)
    verdict = world.watch(rule).judge(silent_for(9), lambda: None, world.lines.append)
    assert (verdict.outcome, verdict.candidate) == ("promoted", 200)
    world.seconds = 0.0
    with pytest.raises(TargetError, match="does not answer"):
        world.watch(rule).judge(silent_for(11), lambda: None, world.lines.append)
    assert world.seconds == max(begins - 1, 0) + 10


def test_whoever_ends_the_release_ends_the_canary(world: World) -> None:
    """Between two looks, like between two steps."""

    def stop(after: float) -> Callable[[], None]:
        def still() -> None:
            if world.seconds >= after:
                raise StoppedError("asked to end")

        return still

    with pytest.raises(StoppedError):
        world.watch(Rule()).judge(world.sides, stop(3), world.lines.append)
    assert world.seconds == 3


def test_no_traffic_is_no_verdict_for_the_candidate(world: World) -> None:
    """It ends with the time, and says how many requests came."""
    world.rates = dict.fromkeys(world.rates, (0, 0))
    verdict = world.watch(Rule(seconds=90.0)).judge(world.sides, lambda: None, world.lines.append)
    assert (verdict.outcome, verdict.reason) == ("undecided", "0 of 1000 requests came in time")
