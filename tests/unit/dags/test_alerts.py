"""Alerts of DAGs have the shape of those of releases, and never fail a task."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from mlflow_project.dags.alerts import ADDRESS, tell


@dataclass
class Listener:
    """Takes alerts."""

    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A listener that the environment names."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            here.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(here.status)
            self.send_header("Location", f"{here.url}/elsewhere")
            self.end_headers()

        def log_message(self, *told: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    here = Listener(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv(ADDRESS, f"{here.url}/hook?token=secret")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()


def test_an_alert_says_what_happened_to_which_model(listener: Listener) -> None:
    """Kind, model, reason, time, and what more there is."""
    tell("failed", "days-to-let", "the rent is zero", {"task": "check"})
    (heard,) = listener.heard
    assert heard.pop("at").endswith("+00:00")
    assert heard == {
        "alert": "failed",
        "model": "days-to-let",
        "version": "",
        "reason": "the rent is zero",
        "task": "check",
    }


@pytest.mark.parametrize("status", [500, 302])
def test_who_refuses_an_alert_stops_nobody(
    listener: Listener, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A line says so without the address, which may hold a secret; a redirect is not followed."""
    listener.status = status
    tell("late", "days-to-let", "slow", {})
    assert len(listener.heard) == 1
    assert f"HTTP {status}" in caplog.text
    assert "secret" not in caplog.text


def test_an_address_that_is_none_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A file is no listener."""
    monkeypatch.setenv(ADDRESS, "file:///etc/passwd")
    tell("late", "days-to-let", "slow", {})
    assert "could not be sent" in caplog.text


def test_without_an_address_an_alert_is_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads the log sees it."""
    monkeypatch.delenv(ADDRESS, raising=False)
    tell("refused", "days-to-let", "a gate is red", {})
    assert "ALERT: days-to-let refused: a gate is red" in caplog.text
