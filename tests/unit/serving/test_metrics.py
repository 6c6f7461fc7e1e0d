"""``/metrics``: what was asked and answered, by the bins of the model package and never by value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from days_to_sell.scoring.package import PROFILE as PROFILE_FILE
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from tests.packages import make_package
from tests.unit.serving.conftest import AWKWARD, CAR, CAR_DAYS, PROFILE

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def read(client: FlaskClient) -> Samples:
    """The metrics as Prometheus' own parser reads them."""
    reply = client.get("/metrics")
    assert reply.status_code == 200
    assert reply.content_type.startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(reply.get_data(as_text=True))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """One sample."""
    return samples[f"days_to_sell_{name}", frozenset(labels.items())]


def test_rows_are_counted_by_bin(client: FlaskClient) -> None:
    """Texts told apart, seen and unseen, numbers on both sides of an edge, and the answers."""
    cars = [CAR, CAR | {"make": "Lada", "mileage": 5}, CAR | {"make": "Ley Land", "price_gbp": 20_001}]
    assert client.post("/invocations", json={"instances": cars}).status_code == 200
    samples = read(client)
    assert value(samples, "rows_total") == 3
    assert value(samples, "input_total", feature="make", bin="Ford") == 1
    assert value(samples, "input_total", feature="make", bin="(other)") == 1
    assert value(samples, "input_total", feature="make", bin="(unseen)") == 1
    assert value(samples, "input_total", feature="make", bin="(missing)") == 0
    assert value(samples, "input_total", feature="price_gbp", bin="(5000, 9500]") == 2
    assert value(samples, "input_total", feature="price_gbp", bin="> 20000") == 1
    assert value(samples, "input_total", feature="mileage", bin="<= 10") == 1
    answers = [CAR_DAYS, CAR_DAYS - 0.0001 * 41_995, CAR_DAYS + 30 * (20_001 - 9_500) / 10_000]
    assert value(samples, "prediction_days_count") == 3
    assert value(samples, "prediction_days_sum") == pytest.approx(sum(answers), abs=1e-5)
    for edge in (30.0, 45.0, 60.0):
        expected = sum(days <= edge for days in answers)
        assert value(samples, "prediction_days_bucket", le=str(edge)) == expected


def test_drift_is_told_once_there_are_rows(client: FlaskClient) -> None:
    """No rows, no drift; then what the profile says of the counts, and no distance of texts."""
    before = read(client)
    assert not [name for name, _ in before if "drift" in name]
    client.post("/invocations", json={"instances": [CAR] * 40})
    samples = read(client)
    for name, histogram in PROFILE.histograms:
        place = histogram.bins.finder()(CAR.get(name, CAR_DAYS))
        counts = [40 if index == place else 0 for index in range(histogram.bins.size)]
        drift = histogram.drift_of(counts)
        assert value(samples, "drift_psi", feature=name) == pytest.approx(drift.psi)
        ks = samples.get(("days_to_sell_drift_ks", frozenset({("feature", name)})))
        assert ks == (None if drift.ks is None else pytest.approx(drift.ks))
    assert value(samples, "drift_psi", feature="make") > 0.2


def test_a_label_survives_whatever_a_category_is_called(client: FlaskClient) -> None:
    """Quotes, backslashes and ends of lines come back as they were."""
    client.post("/invocations", json={"instances": [CAR | {"make": AWKWARD}] * 2})
    assert value(read(client), "input_total", feature="make", bin=AWKWARD) == 2


def test_no_value_of_a_row_is_told(client: FlaskClient) -> None:
    """What training did not see is counted and not repeated."""
    client.post("/invocations", json={"instances": [CAR | {"make": "AB12 CDE", "mileage": 41_234.5}]})
    text = client.get("/metrics").get_data(as_text=True)
    assert "AB12" not in text
    assert "41234" not in text


def test_a_refused_request_counts_no_row(client: FlaskClient) -> None:
    """Its good rows come again with the next attempt."""
    assert client.post("/invocations", json={"instances": [CAR, CAR | {"doors": 1}]}).status_code == 422
    assert value(read(client), "rows_total") == 0


def test_it_says_which_version_answers(client: FlaskClient, package: ModelPackage) -> None:
    """The same names as ``/version`` has; golden rows of the self-test are not counted."""
    samples = read(client)
    labels = {"model": "tiny-model", "version": "7", "digest": package.digest, "environment": "preprod"}
    assert value(samples, "model_info", **labels) == 1
    assert value(samples, "rows_total") == 0
    assert value(samples, "counting_since_seconds") > 1.7e9


def test_a_package_without_a_profile_is_served_without_drift(tmp_path: Path) -> None:
    """What the first format lacks is left out; rows are counted all the same."""
    package = make_package(tmp_path / "package")
    (package.root / PROFILE_FILE).unlink()
    old = ModelPackage(package.root, package.model, package.provenance, package.digest, package.files[:-1])
    client = create_app(old, Settings()).test_client()
    row = dict(package.golden[0].input)
    assert client.post("/invocations", json={"instances": [row]}).status_code == 200
    samples = read(client)
    assert value(samples, "rows_total") == 1
    assert not [name for name, _ in samples if "input" in name or "drift" in name]
