"""The access log: a line of JSON for every request, whatever was asked, and nothing that was sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from days_to_sell.scoring.keys import key_line
from serving.edge import Handled
from serving.telemetry.access_log import SHOWN, AccessLog
from tests.unit.serving.conftest import CAR

SECRET = "key-of-a-caller"
AWKWARD = [
    "/",
    '/"quoted"',
    "/\\",
    "/\n\r\t\x00\x1f\x7f",
    "/\u2028\u2029",
    "/é",
    "/\ud800",
    "/" + "x" * 10_000,
    "",
]


def handled(**changes: Any) -> Handled:
    """What became of a request."""
    whole = Handled("order-17", "POST", "/invocations", 200, 0.0012345, 27, 3, "pricing", "10.0.0.7")
    return whole._replace(**changes)


@pytest.mark.parametrize("awkward", AWKWARD)
@pytest.mark.parametrize("field", ["method", "path", "remote"])
def test_a_line_is_one_line_of_json(field: str, awkward: str) -> None:
    """Quotes, ends of lines, half characters and endless addresses come out as JSON of bounded length."""
    line = AccessLog("7").line(handled(**{field: awkward}), 1_790_000_000.5)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert len(line) < 2_000
    assert json.loads(line)[field] == awkward[:SHOWN]


def test_it_says_what_became_of_a_request() -> None:
    """When, which, what, how it ended, how long it took, how much, for whom, and by which version."""
    assert json.loads(AccessLog('v"7"').line(handled(), 1_790_000_000.0456)) == {
        "time": "2026-09-21T14:13:20.045Z",
        "request_id": "order-17",
        "method": "POST",
        "path": "/invocations",
        "status": 200,
        "ms": 1.234,
        "rows": 3,
        "bytes": 27,
        "client": "pricing",
        "remote": "10.0.0.7",
        "version": 'v"7"',
    }


def test_the_next_second_is_another() -> None:
    """The text of a second is kept for that second alone."""
    log = AccessLog("")
    times = [
        json.loads(log.line(handled(), 1_790_000_000.0 + each))["time"][-7:] for each in (0, 0.999, 1, 0)
    ]
    assert times == ["20.000Z", "20.999Z", "21.000Z", "20.000Z"]


def test_nothing_that_was_sent_is_in_it(
    make_client: Callable[..., FlaskClient], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """No value of a row, no query, no key, whether it is right or wrong, answered or refused."""
    keys = tmp_path / "keys"
    keys.write_text(f"{key_line('pricing', SECRET)}\n", encoding="utf-8")
    client = make_client(api_keys_file=keys)
    for key in (SECRET, "wrong-key"):
        for row in (CAR | {"price_gbp": 8_765.25}, CAR | {"price_gbp": "private-word"}):
            client.post(
                "/invocations?explain=true&token=private-token",
                json={"instances": [row]},
                headers={"Authorization": f"Bearer {key}"},
            )
            client.post("/invocations?explain=true", json={"instances": [row]}, headers={"X-API-Key": key})
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [each["status"] for each in lines] == [400, 200, 400, 422, 401, 401, 401, 401]
    assert [each["client"] for each in lines] == ["pricing"] * 4 + [""] * 4
    for word in (SECRET, "wrong-key", "8765", "private", "explain", "token"):
        assert word not in out + err


def test_a_log_that_is_closed_fails_no_request(
    make_client: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever read it may have gone, or its disk be full."""
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(AccessLog.__init__, "__defaults__", (writing,))
    client = make_client()
    assert client.post("/invocations", json={"instances": [CAR]}).status_code == 200
    os.close(writing)
    assert client.post("/invocations", json={"instances": [CAR]}).status_code == 200


def test_it_can_be_switched_off(
    make_client: Callable[..., FlaskClient], capfd: pytest.CaptureFixture[str]
) -> None:
    """Where a proxy in front writes one."""
    make_client(access_log=False).get("/livez")
    assert capfd.readouterr().out == ""
