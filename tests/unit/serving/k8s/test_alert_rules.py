"""Alert rules ask for what the service tells."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from serving.problems import KINDS
from tests.unit.serving.conftest import CAR
from tests.unit.serving.k8s.rendered import needs_kubectl, of_kind, rendered

pytestmark = needs_kubectl
# Of the operator, which writes where a series came from to each that it scrapes.
OF_THE_TARGET = {"namespace", "pod", "le"}
WORDS = {
    *("sum", "count", "rate", "changes", "histogram_quantile", "by", "and", "on"),
    *("kind", "path", "code", "version", "digest", "namespace", "pod", "le"),
}


@pytest.fixture
def metrics(client: FlaskClient) -> dict[str, set[str]]:
    """Every name that the real service tells, to the labels that come with it."""
    client.post("/invocations", json={"instances": [CAR]})
    client.post("/invocations", json={"instances": [{}]})
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").get_data(as_text=True)):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_alerts_ask_for_metrics_labels_and_kinds_that_there_are(metrics: dict[str, set[str]]) -> None:
    """And for nothing else: each word of an expression is a metric, a label or a function that is known."""
    (rules,) = of_kind(rendered("prod"), "PrometheusRule")
    alerts = [alert for group in rules["spec"]["groups"] for alert in group["rules"]]
    assert len(alerts) >= 5
    kinds = {kind.name for kind in KINDS}
    for alert in alerts:
        expression = re.sub(r'"[^"]*"', '""', alert["expr"])
        names = set(re.findall(r"(?<![\w\[.])[a-z_][a-z_0-9]*", expression))
        asked = names - WORDS
        assert asked, alert["alert"]
        assert asked <= metrics.keys(), alert["alert"]
        labels = set().union(*(metrics[name] for name in asked)) | OF_THE_TARGET
        for grouped in re.findall(r"(?:by|on) \(([^)]*)\)", expression):
            assert set(grouped.replace(",", " ").split()) <= labels, alert["alert"]
        for label, values in re.findall(r'(\w+)=~?"([^"]+)"', alert["expr"]):
            assert label in labels, alert["alert"]
            assert label != "kind" or set(values.split("|")) <= kinds
        for label in re.findall(r"\$labels\.(\w+)", " ".join(alert["annotations"].values())):
            assert label in labels, alert["alert"]
