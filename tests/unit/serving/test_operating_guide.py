"""The guide for operators says what is so: settings, metrics, alerts, limits and the log."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from days_to_sell.settings import PREFIX, Settings
from serving.edge import Handled
from serving.problems import KINDS
from serving.telemetry.access_log import AccessLog
from tests.unit.serving.conftest import CAR

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guides" / "operating.md").read_text(encoding="utf-8")
# Of training and release alone.
NOT_OF_THE_SERVICE = {
    "alert_url",
    "base_image",
    "cache_dir",
    "driver_memory",
    "event_log",
    "git_identity",
    "image_registry",
    "mleap_exporter",
    "override_users",
    "packages",
    "proxy_image",
    "s3_endpoint",
    "signing_key",
    "trusted_keys",
}


def section(title: str) -> str:
    """One part of the guide."""
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_it_has_every_setting_of_the_service_with_its_default() -> None:
    """One row each, no other, and the numbers are the real ones."""
    rows = dict(
        re.findall(rf"^\| `{PREFIX}(\w+)` \|[^|]+\| ([^|]+) \|$", section("Settings"), flags=re.MULTILINE)
    )
    defaults = Settings()
    assert set(rows) == {field.name.upper() for field in fields(Settings)} - {
        name.upper() for name in NOT_OF_THE_SERVICE
    }
    for name, stated in rows.items():
        value = getattr(defaults, name.lower())
        if value in (None, ""):
            assert stated.startswith(("none", "empty"))
        else:
            assert stated.startswith(f"`{str(value).lower() if isinstance(value, bool) else value}`")


@pytest.fixture
def metrics(client: FlaskClient) -> dict[str, set[str]]:
    """Every name that ``/metrics`` tells once there were requests, to the labels that come with it."""
    client.post("/invocations", json={"instances": [CAR]})
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").get_data(as_text=True)):
        name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
        found[name] = set().union(*(sample.labels for sample in family.samples)) - {"le"}
    return found


def test_it_has_every_metric_with_its_labels(metrics: dict[str, set[str]]) -> None:
    """One row each, and no other."""
    rows = re.findall(r"^\| `(\w+)(?:\{([\w,]+)\})?` \|", section("Metrics"), flags=re.MULTILINE)
    told = {name: set(labels.split(",")) if labels else set() for name, labels in rows}
    # Without keys no client has a series.
    assert told.keys() == metrics.keys()
    assert all(told[name] == labels for name, labels in metrics.items() if labels)


def test_its_alerts_ask_for_what_there_is(metrics: dict[str, set[str]]) -> None:
    """Names, labels and kinds of problems in the rules are those of the service."""
    alerts = re.findall(r"^ +expr: (.+)$", section("Metrics"), flags=re.MULTILINE)
    assert len(alerts) >= 5
    kinds = {kind.name for kind in KINDS}
    for alert in alerts:
        for name, labels in re.findall(r"(days_to_sell_\w+)(?:\{([^}]*)\})?", alert):
            family = name.removesuffix("_bucket")
            assert family in metrics
            for label, values in re.findall(r'(\w+)=~?"([^"]+)"', labels):
                assert label in metrics[family]
                assert label != "kind" or set(values.split("|")) <= kinds


def test_its_line_of_the_log_is_one() -> None:
    """To the byte, but for the size of its numbers."""
    (shown,) = re.findall(r"^```json\n(.+)\n```$", section("Logs"), flags=re.MULTILINE)
    told = json.loads(shown)
    handled = Handled(
        told["request_id"],
        told["method"],
        told["path"],
        told["status"],
        told["ms"] / 1000,
        told["bytes"],
        told["rows"],
        told["client"],
        told["remote"],
    )
    assert AccessLog(told["version"]).line(handled, 1_790_000_000.0456).decode() == f"{shown}\n"


def test_its_limits_are_those_of_the_code() -> None:
    """Seconds and sizes in the text are the numbers that hold."""
    gunicorn = (ROOT / "serving" / "gunicorn.conf.py").read_text(encoding="utf-8")
    limits = section("Limits and slow clients")
    for setting, said in (("keepalive = 75", "| 75 s |"), ("worker_connections = 900", "| 900 |")):
        assert setting in gunicorn
        assert said in limits
    assert "graceful_timeout = 8" in gunicorn
    assert "For eight seconds" in section("Stopping")
    worker = (ROOT / "serving" / "worker.py").read_text(encoding="utf-8")
    assert "LEFT_BYTES = 16 << 20\nLEFT_SECONDS = 5.0" in worker
    assert "| 5 s, 16 MiB |" in limits
    assert "CHUNKS_FACTOR, CHUNKS_EXTRA = 4, 65_536" in worker
    assert "four times the longest body and 64 KiB" in limits
