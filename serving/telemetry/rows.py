"""What ``GET /metrics`` tells of rows: inputs, predictions and their drift, of all workers since the start.

Values of a row are never told: a label holds a bin of the profile in the model package, as it was trained.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from days_to_sell.scoring.bins import TextBins
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.sketch import NO_PROFILE, Counted, Layout, Observe
from days_to_sell.settings import Settings
from days_to_sell.spec import PREDICTION
from serving.telemetry.counters import SharedCounters

PREFIX = "days_to_sell"


class RowMetrics(Collector):
    """Counts answered rows by the profile of the model package.

    Args:
        package: What is served.
        settings: Where workers share their counters, and the names that ``/version`` reports.
    """

    def __init__(self, package: ModelPackage, settings: Settings) -> None:
        self._layout = Layout(package.profile or NO_PROFILE)
        digest = package.digest.removeprefix("sha256:")
        self._counters = SharedCounters(settings.counters, f"rows-{digest[:16]}", self._layout.size)
        self.observe: Observe = self._layout.observer(self._counters.own)
        self._model = {
            "model": package.model,
            "version": settings.model_version,
            "digest": package.digest,
            "environment": settings.environment,
        }

    def collect(self) -> Iterator[Metric]:
        """Give the metrics as they are now."""
        started, totals = self._counters.totals()
        counted = self._layout.read(totals)
        yield InfoMetricFamily(f"{PREFIX}_model", "The model version that answers.", value=self._model)
        yield GaugeMetricFamily(
            f"{PREFIX}_counting_since_seconds",
            "When the counters of this service began, in seconds since 1970.",
            value=started,
        )
        yield CounterMetricFamily(f"{PREFIX}_rows", "Rows that were answered.", value=counted.rows)
        yield self._inputs(counted)
        yield self._unseen(counted)
        yield self._predictions(counted)
        yield from self._drift(counted)

    def _inputs(self, counted: Counted) -> Metric:
        inputs = CounterMetricFamily(
            f"{PREFIX}_input", "Rows by bin of the profile, by column.", labels=("feature", "bin")
        )
        for name, histogram in self._layout.profile.features.items():
            for label, count in zip(histogram.bins.labels, counted.bins[name], strict=True):
                inputs.add_metric((name, label), count)
        return inputs

    def _unseen(self, counted: Counted) -> Metric:
        unseen = CounterMetricFamily(
            f"{PREFIX}_unseen_categories",
            "Rows whose category is none of those that the profile knows from training.",
            labels=("feature",),
        )
        for name, histogram in self._layout.profile.features.items():
            if isinstance(histogram.bins, TextBins):
                unseen.add_metric((name,), counted.bins[name][histogram.bins.unseen])
        return unseen

    def _predictions(self, counted: Counted) -> Metric:
        *by_edge, _ = counted.bins[PREDICTION]
        bounds = [*map(floatToGoString, self._layout.profile.edges), "+Inf"]
        below = [sum(by_edge[: place + 1]) for place in range(len(by_edge))]
        return HistogramMetricFamily(
            f"{PREFIX}_prediction_days",
            "Predicted days.",
            buckets=list(zip(bounds, below, strict=True)),
            sum_value=counted.days,
        )

    def _drift(self, counted: Counted) -> Iterator[Metric]:
        psi = GaugeMetricFamily(
            f"{PREFIX}_drift_psi",
            "Population stability index of the rows since the start against the training data.",
            labels=("feature",),
        )
        ks = GaugeMetricFamily(
            f"{PREFIX}_drift_ks",
            "Kolmogorov-Smirnov distance of a number's values since the start from the training data.",
            labels=("feature",),
        )
        for name, histogram in self._layout.profile.histograms:
            if sum(histogram.counts) and sum(counted.bins[name]):
                drift = histogram.drift_of(counted.bins[name])
                psi.add_metric((name,), drift.psi)
                if drift.ks is not None:
                    ks.add_metric((name,), drift.ks)
        yield from (psi, ks)
