"""The edge: scoring in front of Flask's routing answers as Flask's own route does, to the byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from days_to_sell.scoring.keys import key_line
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from serving.edge import MODEL_HEADER
from serving.request_ids import HEADER
from tests.unit.serving.conftest import CAR

KEY = "edge-key"
JSON = "application/json"
BAD = CAR | {"doors": 9}
CSV = ",".join(CAR) + "\n" + ",".join(map(str, CAR.values()))
Lanes = tuple[FlaskClient, FlaskClient]


def records(*rows: dict[str, Any]) -> bytes:
    """The body of a request."""
    return json.dumps({"dataframe_records": rows}).encode()


BODIES = st.sampled_from(
    [
        (records(CAR), JSON),
        (records(CAR, BAD, CAR), JSON),
        (records(CAR | {"make": "Lada"}), JSON),
        (records(), JSON),
        (records(*[CAR] * 51), JSON),
        (b" " * 20_001, JSON),
        (b'{"inputs": NaN}', JSON),
        (b"\xff", JSON),
        (b"", JSON),
        (records(CAR), "application/json; charset=utf-8"),
        (records(CAR), "text/plain"),
        (records(CAR), ""),
        (CSV.encode(), "text/csv"),
        (b"make\nFord\n", "text/csv"),
        (b'"', "text/csv"),
    ]
) | st.tuples(st.binary(max_size=40), st.sampled_from([JSON, "text/csv"]))
QUERIES = st.sampled_from(["", "partial=true", "explain=1", "partial&explain", "explain=maybe", "x=1"])
HEADERS = st.fixed_dictionaries(
    {"Authorization": st.sampled_from([f"Bearer {KEY}"] * 5 + ["Bearer wrong", "", "Basic eDp5"])},
    optional={"Content-Encoding": st.sampled_from(["gzip", "identity"]), "Accept": st.just("text/html")},
)


@pytest.fixture(scope="module")
def lanes(package: ModelPackage, tmp_path_factory: pytest.TempPathFactory) -> Lanes:
    """The same service with the fast lane and without."""
    keys = tmp_path_factory.mktemp("edge") / "keys"
    keys.write_text(f"{key_line('edge', KEY)}\n", encoding="utf-8")
    chosen = Settings(api_keys_file=keys, max_rows=50, max_body_bytes=20_000, model_version="7")
    return (
        create_app(package, chosen, fast_lane=True).test_client(),
        create_app(package, chosen, fast_lane=False).test_client(),
    )


@settings(deadline=None, max_examples=150)
@given(
    body=BODIES,
    query=QUERIES,
    headers=HEADERS,
    request_id=st.sampled_from(["order-17", "a" * 128, "A/b=c@d:e.f_g+h-"]),
)
def test_both_lanes_answer_the_same(
    lanes: Lanes, body: tuple[bytes, str], query: str, headers: dict[str, str], request_id: str
) -> None:
    """Status, headers and bytes: answers, refusals of every kind, options, keys, CSV."""
    content, content_type = body
    fast, slow = (
        lane.post(
            f"/invocations?{query}",
            data=content,
            content_type=content_type,
            headers=headers | {HEADER: request_id},
        )
        for lane in lanes
    )
    assert fast.status == slow.status
    assert fast.get_data() == slow.get_data()
    assert sorted(fast.headers.to_wsgi_list()) == sorted(slow.headers.to_wsgi_list())
    assert fast.headers[HEADER] == request_id
    assert fast.status_code < 500


@pytest.mark.parametrize("status", [200, 400, 401, 413, 415, 422])
def test_the_requests_above_reach_every_kind_of_reply(lanes: Lanes, status: int) -> None:
    """So the comparison is one of all of them."""
    sent = {
        200: (records(CAR), JSON, KEY),
        400: (b"{", JSON, KEY),
        401: (records(CAR), JSON, "wrong"),
        413: (b" " * 20_001, JSON, KEY),
        415: (records(CAR), "text/plain", KEY),
        422: (records(BAD), JSON, KEY),
    }
    content, content_type, key = sent[status]
    for lane in lanes:
        reply = lane.post("/invocations", data=content, content_type=content_type, headers={"X-API-Key": key})
        assert reply.status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/livez"), ("HEAD", "/readyz"), ("GET", "/absent"), ("GET", "/invocations"), ("PUT", "/"),
     ("OPTIONS", "/invocations"), ("POST", "/invocations/"), ("POST", "/invocations"), ("GET", "/%00%ff")],
)  # fmt: skip
def test_every_reply_names_the_request_and_the_model(client: FlaskClient, method: str, path: str) -> None:
    """Whoever answers it: the fast lane, Flask's views, or what Flask refuses."""
    reply = client.open(path, method=method, headers={HEADER: "order-17"})
    assert reply.headers.getlist(HEADER) == ["order-17"]
    assert reply.headers.getlist(MODEL_HEADER) == ["tiny-model/7"]


def test_a_model_without_a_version_says_so(package: ModelPackage) -> None:
    """As in a trial on somebody's own machine."""
    reply = create_app(package, Settings()).test_client().get("/livez")
    assert reply.headers[MODEL_HEADER] == "tiny-model/unversioned"


@pytest.mark.parametrize(
    "offered", ["", " ", "-first", "a" * 129, "two words", "ü", 'a"b', "a\tb", "<script>", "{}"]
)
def test_a_name_that_no_log_should_carry_is_replaced(client: FlaskClient, offered: str) -> None:
    """By one of our own, another for each request."""
    names = {client.get("/livez", headers={HEADER: offered}).headers[HEADER] for _ in range(2)}
    assert len(names) == 2
    assert all(len(name) == 32 for name in names)
    assert offered not in names


def test_a_fault_in_the_fast_lane_is_told_as_one(
    package: ModelPackage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """500 without detail for the caller, the cause under the request's name for the log, in both lanes."""

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr("serving.invocations.read_request", fail)
    replies = []
    for fast in (True, False):
        client = create_app(package, Settings(), fast_lane=fast).test_client()
        replies.append(client.post("/invocations", data=b"{}", headers={HEADER: "order-17"}))
    assert [reply.status_code for reply in replies] == [500, 500]
    assert replies[0].get_data() == replies[1].get_data()
    assert b"fire" not in replies[0].get_data()
    assert caplog.text.count("request order-17 failed") == 2
    assert "the disk is on fire" in caplog.text
