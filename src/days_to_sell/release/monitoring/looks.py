"""Looks at a service: what its counters say at one moment, by the bins of the version's package."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import requests
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from days_to_sell.errors import MonitorError
from days_to_sell.release.service import ANSWER_SECONDS, http_session
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.spec import PREDICTION

MAX_BYTES = 8_000_000
Counts = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Look:
    """What a service had counted at one moment.

    Args:
        since: When its counting began, in seconds since 1970.
        counts: Rows by bin, by column as in the profile.
    """

    since: float
    counts: Mapping[str, tuple[int, ...]]

    @property
    def rows(self) -> int:
        """Rows that were answered."""
        return sum(self.counts[PREDICTION])

    def after(self, before: Look | None) -> tuple[Counts, bool]:
        """Tell what was counted since an earlier look.

        Args:
            before: The earlier look; None for everything since counting began.

        Returns:
            Rows by bin, and whether the service was started anew in between. Then they are those since its
            start: what it had counted after the earlier look went with it.
        """
        if before is None:
            return dict(self.counts), False
        pairs = ((name, zip(found, before.counts[name], strict=True)) for name, found in self.counts.items())
        grown = {name: tuple(now - then for now, then in each) for name, each in pairs}
        if self.since != before.since or any(count < 0 for each in grown.values() for count in each):
            return dict(self.counts), True
        return grown, False


def look_at(url: str, package: ModelPackage, profile: Profile, version: str) -> Look:
    """Ask a service for its counters.

    Args:
        url: Address of the service.
        package: What the registry says is served.
        profile: The package's.
        version: The registered version that it belongs to.

    Raises:
        MonitorError: Nothing answers, it is no scoring service, or it serves something else.
    """
    return read_look(metrics_of(url), url, package, profile, version)


def metrics_of(url: str) -> str:
    """Ask a service for its metrics.

    Raises:
        MonitorError: Nothing answers, or far more than a service tells.
    """
    try:
        with (
            http_session() as session,
            session.get(f"{url.rstrip('/')}/metrics", timeout=ANSWER_SECONDS, stream=True) as reply,
        ):
            reply.raise_for_status()
            content = reply.raw.read(MAX_BYTES + 1, decode_content=True)
    except requests.RequestException as error:
        raise MonitorError(
            f"{url}/metrics does not answer: {error}; is the service up, and is this its address (--url)?"
        ) from error
    if len(content) > MAX_BYTES:
        raise MonitorError(f"{url}/metrics is longer than {MAX_BYTES} bytes; this is no scoring service")
    return content.decode("utf-8", errors="replace")


def read_look(text: str, url: str, package: ModelPackage, profile: Profile, version: str) -> Look:
    """Read metrics, none of which is trusted.

    Args:
        text: Metrics in Prometheus' text format.
        url, package, profile, version: As for :func:`look_at`.

    Raises:
        MonitorError: They are not those of a service with this package.
    """
    try:
        families = {family.name: family for family in text_string_to_metric_families(text)}
        told = dict(families["days_to_sell_model_info"].samples[0].labels)
        since = families["days_to_sell_counting_since_seconds"].samples[0].value
    # The parser raises whatever a damaged line leads to.
    except Exception as error:
        raise MonitorError(f"{url}/metrics is not that of a scoring service: {error!r:.120}") from error
    if (told.get("model"), told.get("digest")) != (package.model, package.digest):
        raise MonitorError(
            f"{url} serves {told.get('model')!r:.60} version {told.get('version')!r:.20} with package "
            f"{told.get('digest')!r:.90}, but version {version} of {package.model} has package "
            f"{package.digest}; release it (days-to-sell release {package.model}), or name the version that "
            "serves with --version"
        )
    try:
        inputs = _by_feature(families.get("days_to_sell_input"))
        counts = {name: _counts(inputs[name], found) for name, found in profile.features.items()}
        counts[PREDICTION] = _predictions(families["days_to_sell_prediction_days"], profile)
        return Look(_finite(since), counts)
    except (KeyError, ValueError, OverflowError) as error:
        raise MonitorError(f"{url}/metrics does not fit its package: {error!r:.120}") from error


def _by_feature(family: Metric | None) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for sample in family.samples if family else ():
        found.setdefault(sample.labels["feature"], {})[sample.labels["bin"]] = sample.value
    return found


def _counts(by_label: Mapping[str, float], histogram: Histogram) -> tuple[int, ...]:
    return tuple(_whole(by_label[label]) for label in histogram.bins.labels)


def _predictions(family: Metric, profile: Profile) -> tuple[int, ...]:
    buckets = [each for each in family.samples if each.name.endswith("_bucket")]
    below = {float(each.labels["le"]): _whole(each.value) for each in buckets}
    bounds = (*profile.edges, math.inf)
    cumulative = [0, *(below[bound] for bound in bounds)]
    # No prediction is missing.
    return (*_steps(cumulative), 0)


def _steps(cumulative: Iterable[int]) -> Iterable[int]:
    before, *others = cumulative
    for value in others:
        if value < before:
            raise ValueError("buckets fall")
        yield value - before
        before = value


def _whole(value: float) -> int:
    if not _finite(value) >= 0:
        raise ValueError(f"{value} rows")
    return int(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return value
