"""``/metrics`` of requests: how they ended, how long they took and whose they were, for any reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from days_to_sell.settings import Settings
from serving.edge import Handled
from serving.keys import NoKeys
from serving.problems import KINDS
from serving.telemetry.requests import BOUNDS, OTHER, RequestMetrics
from tests.unit.serving.conftest import CAR
from tests.unit.serving.test_metrics import read, value

PATHS = ("/invocations", "/livez")


def handled(path: str = "/invocations", status: int = 200, seconds: float = 0.0) -> Handled:
    """What became of a request."""
    return Handled("id", "POST", path, status, seconds, 0, 0, "", "")


def samples_of(metrics: RequestMetrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """What a reader of the text sees, by name and values of labels."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    return {
        (
            sample.name,
            tuple(sample.labels[name] for name in sorted(sample.labels, reverse=True)),
        ): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


@pytest.fixture
def metrics() -> RequestMetrics:
    """Metrics of this process alone."""
    return RequestMetrics(PATHS, NoKeys(), Settings())


def test_requests_are_told_apart_by_address_and_status(metrics: RequestMetrics) -> None:
    """Unknown addresses and statuses are `other`, so that callers cannot make labels."""
    asked = [
        ("/livez", 200),
        ("/livez", 200),
        ("/invocations", 422),
        ("/a", 404),
        ("/b", 404),
        ("/livez", 299),
    ]
    for path, status in asked:
        metrics.count(handled(path, status))
    found = samples_of(metrics)
    assert {
        labels: count for (name, labels), count in found.items() if name == "days_to_sell_requests_total"
    } == {
        ("/livez", "200"): 2,
        ("/invocations", "422"): 1,
        (OTHER, "404"): 2,
        ("/livez", OTHER): 1,
    }


def test_errors_are_told_by_kind(metrics: RequestMetrics) -> None:
    """Each kind of problem has a series from the start, and counts at whatever address."""
    for kind in KINDS:
        metrics.count(handled("/livez", kind.status))
    metrics.count(handled("/nowhere", 404))
    metrics.count(handled())
    found = samples_of(metrics)
    for kind in KINDS:
        assert found["days_to_sell_errors_total", (kind.name,)] == (2 if kind.status == 404 else 1)


def test_times_of_scoring_are_a_histogram(metrics: RequestMetrics) -> None:
    """A time at a bound counts below it, as Prometheus wants it; what is not scoring is not timed."""
    seconds = (0.0001, 0.00025, 0.00026, 3.0, 60.0)
    for each in seconds:
        metrics.count(handled(seconds=each))
    metrics.count(handled("/livez", seconds=1.0))
    found = samples_of(metrics)
    name = "days_to_sell_request_duration_seconds"
    for bound in BOUNDS:
        assert found[f"{name}_bucket", (str(bound),)] == sum(each <= bound for each in seconds)
    assert found[f"{name}_bucket", ("+Inf",)] == found[f"{name}_count", ()] == len(seconds)
    assert found[f"{name}_sum", ()] == pytest.approx(sum(seconds))


def test_counts_of_workers_are_summed(tmp_path: Path) -> None:
    """Whoever is asked tells of all."""
    first, second = (RequestMetrics(PATHS, NoKeys(), Settings(counters=tmp_path)) for _ in range(2))
    first.count(handled())
    second.count(handled())
    for each in (first, second):
        assert samples_of(each)["days_to_sell_requests_total", ("/invocations", "200")] == 2


def test_the_service_counts_what_it_answers(client: FlaskClient) -> None:
    """Both lanes: scored, refused, not there, and the metrics themselves."""
    client.post("/invocations", json={"instances": [CAR]})
    client.post("/invocations", json={"instances": [CAR | {"doors": 9}]})
    client.get("/invocations")
    client.get("/wp-admin.php")
    read(client)
    samples = read(client)
    for path, code in (("/invocations", 200), ("/invocations", 422), ("/invocations", 405), (OTHER, 404)):
        assert value(samples, "requests_total", path=path, code=str(code)) == 1
    assert value(samples, "requests_total", path="/metrics", code="200") == 1
    assert value(samples, "errors_total", kind="InvalidRows") == 1


def test_any_reader_of_prometheus_text_takes_it(client: FlaskClient) -> None:
    """Every family has a type and a meaning, no sample comes twice, and histograms never fall."""
    client.post("/invocations", json={"instances": [CAR, CAR]})
    text = client.get("/metrics").get_data(as_text=True)
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert family.type != "unknown"
        assert family.documentation.endswith(".")
        series = [(sample.name, frozenset(sample.labels.items())) for sample in family.samples]
        assert len(set(series)) == len(series)
        if family.type == "histogram":
            buckets = [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
            assert buckets == sorted(buckets)
