"""Alerts: a line for people, and a message to whoever listens, which never holds a release up."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from days_to_sell.errors import SettingsError
from days_to_sell.release.target import Report

ANSWER_SECONDS = 5.0
REFUSED, FAILED, ROLLED_BACK = "refused", "failed", "rolled back"


@dataclass
class Alerts:
    """Tells when a release was refused, failed, or was undone.

    Args:
        url: Address that alerts are posted to as JSON; empty where nobody listens.
        report: Takes lines for people.

    Raises:
        SettingsError: The address is none.
    """

    url: str
    report: Report
    _sending: list[threading.Thread] = field(default_factory=list)
    _last: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if self.url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise SettingsError(
                "DAYS_TO_SELL_ALERT_URL is no address to post to; write it as https://host/path"
            )

    def send(self, what: str, model: str, version: str, reason: str, more: Mapping[str, Any]) -> None:
        """Tell it, without waiting for anybody.

        Args:
            what: ``refused``, ``failed`` or ``rolled back``.
            model: Name of the registered model.
            version: Version that it is about.
            reason: Why.
            more: What else there is to know, of JSON's types.
        """
        if what == FAILED and self._last.get(model) == (what, version, reason):
            # What is tried again and again, and fails alike, is told once.
            return
        self._last[model] = (what, version, reason)
        self.report(f"ALERT: {model} version {version} {what}: {reason}")
        if not self.url:
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        told = {**more, "alert": what, "model": model, "version": version, "reason": reason, "at": at}
        thread = threading.Thread(target=self._post, args=(told,), daemon=True, name="sends an alert")
        self._sending = [each for each in self._sending if each.is_alive()] + [thread]
        thread.start()

    def settle(self, model: str) -> None:
        """Take it that all is well with a model: what fails from now on is news, even if it failed before."""
        self._last.pop(model, None)

    def wait(self, seconds: float = ANSWER_SECONDS) -> None:
        """Give alerts that are on their way a last moment, before the program ends."""
        for thread in self._sending:
            thread.join(seconds)

    def _post(self, told: Mapping[str, Any]) -> None:
        host = urlsplit(self.url).hostname
        try:
            reply = requests.post(
                self.url, json=told, timeout=ANSWER_SECONDS, allow_redirects=False, stream=True
            )
            reply.close()
        except requests.RequestException as error:
            # The address may hold a secret, and so may the message.
            self.report(f"the alert could not be sent to {host}: {type(error).__name__}")
            return
        # A redirect is not followed: it may lead to somebody else.
        if not HTTPStatus.OK <= reply.status_code < HTTPStatus.MULTIPLE_CHOICES:
            self.report(f"{host} refused the alert with HTTP {reply.status_code}")
