"""What ``GET /metrics`` tells of requests: how they ended, how long they took, and whose they were."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from days_to_sell.settings import Settings
from serving.edge import Handled
from serving.invocations import PATH
from serving.keys import Keys
from serving.problems import KINDS
from serving.telemetry.counters import SharedCounters

PREFIX = "days_to_sell"
OTHER = "other"
STATUSES = (200, 304, *(kind.status for kind in KINDS))
# One more for a status that nobody thought of.
WIDTH = len(STATUSES) + 1
KIND_OF = {kind.status: kind.name for kind in KINDS}
# Upper bounds in seconds.
BOUNDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
PER_SECOND = 1_000_000
MEANING = "Requests of a client by its key's label"


class RequestMetrics(Collector):
    """Counts requests, for all workers together.

    Args:
        paths: The addresses that there are; whatever else is asked for counts as ``other``.
        keys: Knows whose requests are counted apart.
        settings: Where workers share their counters.
    """

    def __init__(self, paths: Sequence[str], keys: Keys, settings: Settings) -> None:
        self._paths = (*paths, OTHER)
        self._offsets = {path: place * WIDTH for place, path in enumerate(self._paths)}
        self._places = {status: place for place, status in enumerate(STATUSES)}
        self._times = len(self._paths) * WIDTH
        self._sum = self._times + len(BOUNDS) + 1
        self._directory, self._keys = settings.counters, keys
        self._counters = SharedCounters(settings.counters, "requests", self._sum + 1)
        self._clients: dict[str, SharedCounters] = {}

    def count(self, handled: Handled) -> None:
        """Count one request."""
        counters, place = self._counters.own, self._places.get(handled.status, WIDTH - 1)
        counters[self._offsets.get(handled.path, self._times - WIDTH) + place] += 1
        if handled.path == PATH:
            counters[self._times + bisect_left(BOUNDS, handled.seconds)] += 1
            counters[self._sum] += int(handled.seconds * PER_SECOND)
        if handled.client:
            own = self._client(handled.client).own
            own[place] += 1
            own[WIDTH] += handled.rows

    def collect(self) -> Iterator[Metric]:
        """Give the metrics as they are now."""
        _, totals = self._counters.totals()
        requests = CounterMetricFamily(
            f"{PREFIX}_requests", "Requests by address and status code.", labels=("path", "code")
        )
        problems = dict.fromkeys(KIND_OF.values(), 0)
        for path, offset in self._offsets.items():
            for code, count in _by_status(totals[offset : offset + WIDTH]):
                requests.add_metric((path, code), count)
        for place, status in enumerate(STATUSES):
            if status in KIND_OF:
                problems[KIND_OF[status]] = sum(totals[place : self._times : WIDTH])
        errors = CounterMetricFamily(f"{PREFIX}_errors", "Requests that got a problem.", labels=("kind",))
        for kind, count in problems.items():
            errors.add_metric((kind,), count)
        times = totals[self._times : self._sum]
        yield requests
        yield errors
        yield HistogramMetricFamily(
            f"{PREFIX}_request_duration_seconds",
            "Seconds that the service itself took for a scoring request.",
            buckets=[
                (bound, sum(times[: place + 1]))
                for place, bound in enumerate([*map(floatToGoString, BOUNDS), "+Inf"])
            ],
            sum_value=totals[self._sum] / PER_SECOND,
        )
        yield from self._by_client()

    def _by_client(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            f"{PREFIX}_client_requests", f"{MEANING} and status code.", labels=("client", "code")
        )
        rows = CounterMetricFamily(
            f"{PREFIX}_client_rows", "Rows that a client asked about.", labels=("client",)
        )
        for label in self._keys.labels:
            _, totals = self._client(label).totals()
            rows.add_metric((label,), totals[WIDTH])
            for code, count in _by_status(totals[:WIDTH]):
                requests.add_metric((label, code), count)
        yield from (requests, rows)

    def _client(self, label: str) -> SharedCounters:
        if label not in self._clients:
            self._clients[label] = SharedCounters(self._directory, f"client-{label}", WIDTH + 1)
        return self._clients[label]


def _by_status(counts: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Pair status codes with what was counted, where anything was."""
    for code, count in zip((*map(str, STATUSES), OTHER), counts, strict=True):
        if count:
            yield code, count
