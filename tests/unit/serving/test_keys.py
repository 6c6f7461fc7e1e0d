"""Keys: who may ask, told by digest alone, from a file that may change under the service."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from days_to_sell.errors import SettingsError
from days_to_sell.scoring.keys import key_line
from serving.keys import GLANCE, KeyFile
from serving.problems import RequestError
from tests.unit.serving.conftest import CAR
from tests.unit.serving.test_metrics import read, value

KEY, OTHER = "first-key", "second-key"


class Clock:
    """Seconds that a test moves on."""

    now = 0.0

    def __call__(self) -> float:
        """Tell them."""
        return self.now

    def later(self) -> None:
        """Move on until the file is looked at again."""
        self.now += GLANCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one key."""
    return write(tmp_path / "keys", pricing=KEY)


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


def write(path: Path, **keys: str) -> Path:
    """Write a file of keys as the command does: aside, then renamed."""
    draft = path.with_suffix(".new")
    draft.write_text("".join(f"{key_line(label, key)}\n" for label, key in keys.items()), encoding="utf-8")
    return draft.replace(path)


def shown(key: str) -> dict[str, str]:
    """The environment of a request that shows a key."""
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


def ask(client: FlaskClient, **headers: str) -> Any:
    """Send one car."""
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    return client.post("/invocations", json={"instances": [CAR]}, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer   {KEY} "},
        {"X_API_Key": KEY},
        {"X_API_Key": KEY, "Authorization": "Basic eDp5"},
        {"X_API_Key": KEY, "Authorization": "Bearer"},
    ],
)
def test_who_shows_a_key_is_answered(
    make_client: Callable[..., FlaskClient], path: Path, headers: dict[str, str]
) -> None:
    """As a bearer token, in any case, or in a header of its own."""
    assert ask(make_client(api_keys_file=path), **headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "has no key"),
        ({"Authorization": ""}, "has no key"),
        ({"Authorization": "Bearer"}, "has no key"),
        ({"Authorization": f"Basic {KEY}"}, "has no key"),
        ({"Authorization": KEY}, "has no key"),
        ({"Authorization": "Bearer wrong"}, "not known"),
        ({"Authorization": f"Bearer {KEY[:-1]}"}, "not known"),
        ({"Authorization": f"Bearer {KEY} {KEY}"}, "not known"),
        ({"Authorization": f"Bearer {KEY}", "X_API_Key": "wrong"}, ""),
        ({"Authorization": "Bearer ключ".encode().decode("latin-1")}, "not known"),
        ({"Authorization": "Bearer " + "x" * 1_000_000}, "not known"),
    ],
)
def test_who_shows_none_gets_401_and_how_to_send_one(
    make_client: Callable[..., FlaskClient], path: Path, headers: dict[str, str], says: str
) -> None:
    """Empty, of another scheme, foreign or huge: a challenge, a problem, and no word of the key."""
    reply = ask(make_client(api_keys_file=path), **headers)
    if not says:
        assert reply.status_code == 200
        return
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="scoring"'
    assert says in reply.get_json()["detail"]
    assert KEY not in reply.get_data(as_text=True)


def test_only_scoring_is_guarded(make_client: Callable[..., FlaskClient], path: Path) -> None:
    """Probes, metrics, the contract and the page need no key."""
    client = make_client(api_keys_file=path)
    for address in ("/livez", "/readyz", "/ping", "/version", "/metrics", "/openapi.json", "/"):
        assert client.get(address).status_code == 200


def test_keys_that_are_no_text_are_refused_too(path: Path) -> None:
    """What a caller without a server may put there is no key, and no failure."""
    with pytest.raises(RequestError, match="not known"):
        KeyFile(path).client_of(shown("ключ \ud800"))


def test_a_changed_file_is_read_again(path: Path, clock: Clock) -> None:
    """New keys count and taken ones do not, once the file is looked at again."""
    keys = KeyFile(path, clock)
    write(path, pricing=OTHER, stock=KEY)
    assert keys.client_of(shown(KEY)) == "pricing"
    clock.later()
    assert keys.client_of(shown(KEY)) == "stock"
    assert keys.client_of(shown(OTHER)) == "pricing"
    assert keys.labels == ("pricing", "stock")
    write(path, pricing=OTHER)
    clock.later()
    assert keys.labels == ("pricing",)
    with pytest.raises(RequestError):
        keys.client_of(shown(KEY))


def test_a_link_that_is_turned_over_is_followed(tmp_path: Path, clock: Clock) -> None:
    """As Kubernetes mounts a secret: the file is a link into a link to a folder, which is replaced."""
    for name, key in (("one", KEY), ("two", OTHER)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "keys", pricing=key)
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "keys").symlink_to("..data/keys")
    keys = KeyFile(tmp_path / "keys", clock)
    (tmp_path / "..new").symlink_to("two")
    (tmp_path / "..new").replace(tmp_path / "..data")
    clock.later()
    assert keys.client_of(shown(OTHER)) == "pricing"


@pytest.mark.parametrize("broken", ["gone", "empty", "a key itself", "no text"])
def test_a_broken_file_leaves_the_keys_that_were(
    path: Path, clock: Clock, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is logged once and names no key; a mended file counts again."""
    keys = KeyFile(path, clock)
    caplog.set_level(logging.INFO)
    if broken == "gone":
        path.unlink()
    else:
        content = {"empty": b"# none\n", "a key itself": b"pricing secret-of-a-caller\n", "no text": b"\xff"}
        path.write_bytes(content[broken])
    for _ in range(3):
        clock.later()
        assert keys.client_of(shown(KEY)) == "pricing"
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert str(path) in record.message
    assert "secret-of-a-caller" not in record.message
    write(path, pricing=OTHER)
    clock.later()
    assert keys.client_of(shown(OTHER)) == "pricing"


def test_a_service_does_not_start_on_a_broken_file(tmp_path: Path) -> None:
    """Rather none than one that lets nobody in."""
    with pytest.raises(SettingsError, match="cannot be read"):
        KeyFile(tmp_path / "absent")


def test_each_label_has_metrics_of_its_own(
    make_client: Callable[..., FlaskClient], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of one caller count together; labels come and go with the file; a strange key is nobody's."""
    monkeypatch.setattr("serving.keys.GLANCE", 0.0)
    path.write_text(f"{key_line('pricing', KEY)}\n{key_line('pricing', OTHER)}\n", encoding="utf-8")
    client = make_client(api_keys_file=path)
    for key in (KEY, OTHER, OTHER, "strange"):
        ask(client, Authorization=f"Bearer {key}")
    client.post("/invocations", data="{", content_type="application/json", headers={"X-API-Key": KEY})
    samples = read(client)
    assert value(samples, "client_requests_total", client="pricing", code="200") == 3
    assert value(samples, "client_requests_total", client="pricing", code="400") == 1
    assert value(samples, "client_rows_total", client="pricing") == 3
    assert value(samples, "errors_total", kind="Unauthenticated") == 1
    write(path, pricing=KEY, stock=OTHER)
    os.utime(path, ns=(1, 1))
    ask(client, Authorization=f"Bearer {OTHER}")
    samples = read(client)
    assert value(samples, "client_rows_total", client="stock") == 1
    assert value(samples, "client_rows_total", client="pricing") == 3
    write(path, stock=OTHER)
    os.utime(path, ns=(2, 2))
    assert not [labels for name, labels in read(client) if ("client", "pricing") in labels]
