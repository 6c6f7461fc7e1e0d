"""What replicas counted: their own metrics at two moments, and what came in between."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from days_to_sell.errors import CanaryError

SCORING = "/invocations"
ANSWERED_WELL = "2"


@dataclass(frozen=True)
class Counts:
    """Requests, their times, and predictions, of one replica or of several of one version.

    Args:
        requests: Scoring requests.
        failed: Those of them that got anything but an answer: a fault, a refusal, or nothing at all.
        rows: Rows that were answered.
        times: Requests that took at most so many seconds.
        days: Rows whose prediction was at most so many days.
    """

    requests: int = 0
    failed: int = 0
    rows: int = 0
    times: Mapping[float, int] = field(default_factory=dict)
    days: Mapping[float, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Requests that got an answer."""
        return self.requests - self.failed

    def __add__(self, other: Counts) -> Counts:
        """Count both."""
        return Counts(
            self.requests + other.requests,
            self.failed + other.failed,
            self.rows + other.rows,
            _summed(self.times, other.times),
            _summed(self.days, other.days),
        )

    def after(self, before: Counts) -> Counts:
        """Tell what was counted since; all of this where the counting began anew in between."""
        grown = Counts(
            self.requests - before.requests,
            self.failed - before.failed,
            self.rows - before.rows,
            {bound: count - before.times.get(bound, 0) for bound, count in self.times.items()},
            {edge: count - before.days.get(edge, 0) for edge, count in self.days.items()},
        )
        numbers = (grown.requests, grown.failed, grown.rows, *grown.times.values(), *grown.days.values())
        return self if min(numbers) < 0 else grown


@dataclass(frozen=True)
class Reading:
    """What one replica had counted at one moment.

    Args:
        since: When its counting began, in seconds since 1970.
        counts: What it counted.
    """

    since: float
    counts: Counts

    def after(self, before: Reading) -> Counts:
        """Tell what came since; a replica that was started anew tells what came since its start."""
        return self.counts.after(before.counts) if self.since == before.since else self.counts


def read_counts(text: str, digest: str) -> Reading:
    """Read a replica's metrics, none of which is trusted.

    Args:
        text: Metrics in Prometheus' text format.
        digest: Digest of the package that the replica has to serve.

    Raises:
        CanaryError: They are not those of a service with that package.
    """
    try:
        families = {family.name: family for family in text_string_to_metric_families(text)}
        told = families["days_to_sell_model_info"].samples[0].labels["digest"]
        since = families["days_to_sell_counting_since_seconds"].samples[0].value
        by_code = _by_code(families["days_to_sell_requests"])
        requests = sum(by_code.values())
        well = sum(count for code, count in by_code.items() if code.startswith(ANSWERED_WELL))
        times = _buckets(families["days_to_sell_request_duration_seconds"])
        days = _buckets(families["days_to_sell_prediction_days"])
        counts = Counts(requests, requests - well, days.pop(math.inf), times, days)
    # The parser raises whatever a damaged line leads to.
    except Exception as error:
        raise CanaryError(f"these are not the metrics of a scoring service: {error!r:.120}") from error
    if told != digest:
        raise CanaryError(f"a replica of package {digest} says that it serves {told:.90}")
    return Reading(since, counts)


def total(counts: Iterable[Counts]) -> Counts:
    """Count all of them."""
    return sum(counts, Counts())


def _by_code(family: Metric) -> dict[str, int]:
    scoring = (each for each in family.samples if each.labels.get("path") == SCORING)
    return {each.labels["code"]: _whole(each.value) for each in scoring if each.name.endswith("_total")}


def _buckets(family: Metric) -> dict[float, int]:
    found = (each for each in family.samples if each.name.endswith("_bucket"))
    return {float(each.labels["le"]): _whole(each.value) for each in found}


def _whole(value: float) -> int:
    if not 0 <= value < math.inf:
        raise ValueError(f"{value} is no count")
    return int(value)


def _summed(one: Mapping[float, int], other: Mapping[float, int]) -> Mapping[float, int]:
    if not one or not other:
        return one or other
    return {bound: one[bound] + other[bound] for bound in one if bound in other}
