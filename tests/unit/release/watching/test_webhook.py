"""MLflow's webhook as a hint: signed, fresh, each delivery once, and of a sensible size."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from mlflow.webhooks.delivery import _generate_hmac_signature

from days_to_sell.errors import SettingsError
from days_to_sell.release.watching.webhook import (
    DELIVERY,
    FRESH_SECONDS,
    MOST_BYTES,
    SIGNATURE,
    TIMESTAMP,
    Deliveries,
    Webhook,
    read_secret,
)

SECRET, PAYLOAD, NOW = "a secret of tests", '{"data": {"name": "tiny-model"}}', 1_800_000_000


def sent(
    payload: str = PAYLOAD, *, delivery: str = "d-1", at: int = NOW, secret: str = SECRET
) -> tuple[str, str, str, bytes]:
    """A delivery as MLflow's own code signs it."""
    signature = _generate_hmac_signature(secret, delivery, str(at), payload)
    return delivery, str(at), signature, payload.encode()


@pytest.fixture
def deliveries() -> Deliveries:
    """What believes deliveries, at a time that stands still."""
    return Deliveries(SECRET.encode(), clock=lambda: NOW)


def test_what_mlflow_signs_is_believed(deliveries: Deliveries) -> None:
    """The signature is that of MLflow's own function, and the age is within five minutes either way."""
    deliveries.require(*sent())
    deliveries.require(*sent(delivery="d-2", at=NOW - 300))
    deliveries.require(*sent(delivery="d-3", at=NOW + 300))


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        pytest.param(sent(secret="another"), "signature", id="forged"),
        pytest.param((*sent()[:3], b'{"data": {"name": "other"}}'), "signature", id="another-payload"),
        pytest.param(("d-9", *sent()[1:]), "signature", id="another-id"),
        pytest.param((sent()[0], str(NOW - 1), *sent()[2:]), "signature", id="another-time"),
        pytest.param((*sent()[:2], "", sent()[3]), "signature", id="unsigned"),
        pytest.param(sent(delivery=""), "signature", id="without-id"),
        pytest.param(sent(at=NOW - int(FRESH_SECONDS) - 1), "five minutes", id="stale"),
        pytest.param(sent(at=NOW + int(FRESH_SECONDS) + 1), "five minutes", id="from-the-future"),
    ],
)
def test_what_was_not_sent_just_now_by_mlflow_is_refused(
    deliveries: Deliveries, delivery: tuple[str, str, str, bytes], said: str
) -> None:
    """Whoever knows the secret signed it all, and lately."""
    with pytest.raises(Exception, match=said):
        deliveries.require(*delivery)
    deliveries.require(*sent())


def test_a_delivery_is_taken_once() -> None:
    """Sent again while it is fresh it is known, and later it is stale: it is never taken twice."""
    hours = iter((NOW, NOW + 1.0, NOW + 599.0, NOW + 600.0))
    deliveries = Deliveries(SECRET.encode(), clock=lambda: next(hours))
    early = sent(at=NOW + 299)
    deliveries.require(*early)
    for _ in range(2):
        with pytest.raises(Exception, match="delivered before"):
            deliveries.require(*early)
    with pytest.raises(Exception, match="five minutes"):
        deliveries.require(*early)


@pytest.fixture
def hints() -> list[str | None]:
    """What was hinted at."""
    return []


@pytest.fixture
def url(hints: list[str | None]) -> Iterator[str]:
    """A server that listens."""
    webhook = Webhook(SECRET.encode(), hints.append, 0, clock=lambda: NOW)
    yield f"http://127.0.0.1:{webhook.port}/"
    webhook.close()


def post(url: str, delivery: tuple[str, str, str, bytes], **more: Any) -> requests.Response:
    """Deliver over HTTP."""
    name, at, signature, payload = delivery
    headers = {DELIVERY: name, TIMESTAMP: at, SIGNATURE: signature}
    return requests.post(url, data=payload, headers=headers, timeout=10, **more)


def test_over_http_a_delivery_hints_at_its_model(url: str, hints: list[str | None]) -> None:
    """Refused ones hint at nothing; one about something else hints at everything."""
    assert post(url, sent(secret="another")).status_code == 401
    assert post(url, sent()).status_code == 200
    assert post(url, sent()).status_code == 409
    assert post(url, sent("[]", delivery="d-2")).status_code == 200
    assert requests.get(url, timeout=10).status_code == 501
    assert hints == ["tiny-model", None]


@pytest.mark.parametrize("length", ["", "-1", "²", str(MOST_BYTES + 1)])
def test_a_length_that_is_none_is_refused_unread(url: str, hints: list[str | None], length: str) -> None:
    """Nobody makes the daemon read without end."""
    port = int(url.rsplit(":", 1)[1].strip("/"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode("latin-1"))
        assert connection.recv(100).split()[1] in (b"411", b"413")
    assert hints == []


def test_a_secret_has_to_be_there(tmp_path: Path) -> None:
    """An empty one would be known to everybody."""
    with pytest.raises(SettingsError, match="cannot be read"):
        read_secret(tmp_path / "none")
    (tmp_path / "empty").write_text("\n", encoding="ascii")
    with pytest.raises(SettingsError, match="is empty"):
        read_secret(tmp_path / "empty")
