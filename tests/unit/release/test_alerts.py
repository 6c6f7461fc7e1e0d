"""Alerts: told to people and to whoever listens, and never in the way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from days_to_sell.errors import SettingsError
from days_to_sell.release.alerts import Alerts
from stack.ports import free_port


@dataclass
class Listener:
    """A server that takes alerts.

    Args:
        status: What it answers.
    """

    status: int = 200
    taken: list[dict[str, Any]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server that answers at once."""
    listener = Listener()
    listener.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            listener.taken.append(json.loads(self.rfile.read(length)))
            listener.hold.wait(20)
            self.send_response(listener.status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}/secret-path"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield listener
    listener.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_is_a_line_and_a_message(listener: Listener) -> None:
    """Whoever listens gets what the line says, and more."""
    lines: list[str] = []
    alerts = Alerts(listener.url, lines.append)
    alerts.send("refused", "tiny-model", "2", "gate size is red", {"step": "package"})
    alerts.wait()
    (told,) = listener.taken
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "alert": "refused",
        "model": "tiny-model",
        "version": "2",
        "reason": "gate size is red",
        "step": "package",
    }
    assert lines == ["ALERT: tiny-model version 2 refused: gate size is red"]


def test_what_fails_alike_again_and_again_is_told_once(listener: Listener) -> None:
    """A daemon that tries something for hours sends one alert, and another one when the reason changes."""
    alerts = Alerts(listener.url, lambda line: None)
    for reason in ("down", "down", "other", "down"):
        alerts.send("failed", "tiny-model", "2", reason, {})
        alerts.wait()
    alerts.send("failed", "other-model", "2", "down", {})
    alerts.wait()
    assert [each["reason"] for each in listener.taken] == ["down", "other", "down", "down"]


def test_what_failed_before_is_news_once_all_was_well(listener: Listener) -> None:
    """Down today, up again, and down tomorrow for the same reason: that is told tomorrow too."""
    alerts = Alerts(listener.url, lambda line: None)
    for _ in range(2):
        alerts.send("failed", "tiny-model", "2", "down", {})
        alerts.settle("tiny-model")
        alerts.wait()
    assert len(listener.taken) == 2


def test_a_version_that_somebody_promotes_again_is_refused_aloud_again(listener: Listener) -> None:
    """A refusal is an answer to a person, who asked twice."""
    alerts = Alerts(listener.url, lambda line: None)
    for _ in range(2):
        alerts.send("refused", "tiny-model", "2", "gate size is red", {})
        alerts.wait()
    assert len(listener.taken) == 2


@pytest.mark.parametrize("status", [500, 302])
def test_a_listener_that_refuses_is_a_line(listener: Listener, status: int) -> None:
    """The path of the address may be a secret: the line names the host alone."""
    lines: list[str] = []
    listener.status = status
    alerts = Alerts(listener.url, lines.append)
    alerts.send("failed", "tiny-model", "2", "down", {})
    alerts.wait()
    assert lines[1] == f"127.0.0.1 refused the alert with HTTP {status}"


def test_a_listener_that_is_not_there_is_a_line() -> None:
    """Nothing is raised."""
    lines: list[str] = []
    alerts = Alerts(f"http://127.0.0.1:{free_port()}/secret-path", lines.append)
    alerts.send("failed", "tiny-model", "2", "down", {})
    alerts.wait()
    assert lines[1] == "the alert could not be sent to 127.0.0.1: ConnectionError"


def test_a_listener_that_does_not_answer_holds_nothing_up(listener: Listener) -> None:
    """The alert is on its way when sending returns."""
    listener.hold.clear()
    alerts = Alerts(listener.url, lambda line: None)
    alerts.send("failed", "tiny-model", "2", "down", {})
    deadline = time.monotonic() + 20
    while not listener.taken:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert alerts._sending[0].is_alive()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "somewhere"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Before anything is released, and without the address, which may hold a secret."""
    with pytest.raises(SettingsError, match="DAYS_TO_SELL_ALERT_URL is no address"):
        Alerts(url, print)
