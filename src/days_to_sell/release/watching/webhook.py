"""MLflow's webhook as a hint to look now: signed, fresh, and each delivery once. It decides nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from days_to_sell.errors import DaysToSellError, SettingsError

# As MLflow names them; it signs "id.timestamp.payload".
SIGNATURE, TIMESTAMP, DELIVERY = "X-MLflow-Signature", "X-MLflow-Timestamp", "X-MLflow-Delivery-Id"
FRESH_SECONDS = 300.0
MOST_BYTES, MOST_IDS = 1_000_000, 10_000
READ_SECONDS = 10.0
LOOPBACK = "127.0.0.1"
Hint = Callable[[str | None], None]


class _NotTakenError(DaysToSellError):
    """A delivery that is not taken, with what to answer."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass
class Deliveries:
    """Which deliveries are believed.

    Args:
        secret: What the webhook was made with.
        clock: Seconds since 1970.
    """

    secret: bytes
    clock: Callable[[], float] = time.time
    _seen: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def require(self, delivery: str, timestamp: str, signature: str, payload: bytes) -> None:
        """Refuse what was not sent by MLflow, just now, for the first time."""
        signed = f"{delivery}.{timestamp}.".encode() + payload
        due = base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest())
        if not delivery or not hmac.compare_digest(b"v1," + due, signature.encode()):
            raise _NotTakenError(HTTPStatus.UNAUTHORIZED, "the signature is not that of the webhook's secret")
        now = self.clock()
        # It is part of what was signed, and MLflow writes digits alone.
        if not timestamp.isascii() or not timestamp.isdecimal() or abs(now - int(timestamp)) > FRESH_SECONDS:
            raise _NotTakenError(HTTPStatus.UNAUTHORIZED, "it was not sent within the last five minutes")
        with self._lock:
            # What is older is refused for its age.
            self._seen = {name: at for name, at in self._seen.items() if at > now - 2 * FRESH_SECONDS}
            if delivery in self._seen:
                raise _NotTakenError(HTTPStatus.CONFLICT, "it was delivered before")
            if len(self._seen) >= MOST_IDS:
                raise _NotTakenError(HTTPStatus.TOO_MANY_REQUESTS, "too many; the poll sees it too")
            self._seen[delivery] = now


class Webhook:
    """A server that takes deliveries, in a thread of its own.

    Args:
        secret: What the webhook was made with.
        hint: Takes the name of the registered model that a delivery is about, or ``None``.
        host: Address to listen on.
        port: Port to listen on; 0 for any that is free.
        clock: Seconds since 1970.

    Raises:
        SettingsError: The address cannot be had.
    """

    def __init__(
        self,
        secret: bytes,
        hint: Hint,
        port: int,
        host: str = LOOPBACK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        believed = Deliveries(secret, clock)
        handler = type("Handler", (_Handler,), {"deliveries": believed, "hint": staticmethod(hint)})
        try:
            self._server = ThreadingHTTPServer((host, port), handler)
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}:{port} for webhooks: {error.strerror}") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), daemon=True, name="takes webhooks"
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Port that it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def read_secret(path: Path) -> bytes:
    """Read the secret of a webhook from a file.

    Raises:
        SettingsError: There is none.
    """
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"the webhook's secret cannot be read from {path}: {error.strerror}") from error
    if not secret:
        raise SettingsError(f"{path} is empty; write the secret into it that the webhook was made with")
    return secret


class _Handler(BaseHTTPRequestHandler):
    """Answers one delivery."""

    deliveries: Deliveries
    hint: Hint
    timeout = READ_SECONDS

    def do_POST(self) -> None:
        """Take a delivery."""
        try:
            payload = self._payload()
            told = self.headers
            self.deliveries.require(
                told.get(DELIVERY, ""), told.get(TIMESTAMP, ""), told.get(SIGNATURE, ""), payload
            )
        except _NotTakenError as refused:
            self._answer(refused.status, str(refused))
            return
        self.hint(_model_of(payload))
        self._answer(HTTPStatus.OK, "looking")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a stranger could fill the log."""

    def _payload(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            raise _NotTakenError(HTTPStatus.LENGTH_REQUIRED, "its length has to be told")
        if int(length) > MOST_BYTES:
            raise _NotTakenError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_BYTES} bytes")
        payload = self.rfile.read(int(length))
        if len(payload) != int(length):
            raise _NotTakenError(HTTPStatus.BAD_REQUEST, "it is shorter than it says")
        return payload

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


def _model_of(payload: bytes) -> str | None:
    try:
        return str(json.loads(payload)["data"]["name"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
