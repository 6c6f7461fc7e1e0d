"""What the service refuses: with which status, and with words that say what to send instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from serving.problems import KINDS
from tests.unit.serving.conftest import CAR

SPLIT = {"columns": list(CAR), "data": [list(CAR.values())]}


def refusal(reply: TestResponse, status: int) -> dict[str, Any]:
    """Check what every problem document has, and hand it over."""
    assert reply.status_code == status
    assert reply.content_type == "application/problem+json"
    document: dict[str, Any] = reply.get_json()
    assert document["status"] == status
    assert document["message"] == document["detail"]
    assert document["request_id"] == reply.headers["X-Request-ID"]
    assert {"type", "title", "error_code"} <= document.keys()
    return document


MALFORMED = {
    "not JSON": (b"{", "line 1 column 2"),
    "empty": (b"", "line 1 column 1"),
    "not UTF-8": (b'{"instances": ["\xff"]}', "byte 16"),
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + b"{}", "line 1 column 1"),
    "NaN": (b'{"instances": [{"mileage": NaN}]}', "send null"),
    "infinity": (b'{"instances": [{"mileage": -Infinity}]}', "-Infinity"),
    "a member twice": (b'{"instances": [{"make": "a", "make": "b"}]}', "'make' twice"),
    "deep nesting": (b"[" * 9_000 + b"]" * 9_000, "nested too deeply"),
    "a number without end": (b'{"instances": [[' + b"9" * 5_000 + b"]]}", "too many digits"),
    "a list": ([CAR], "the body is a list"),
    "text": ("Ford", "the body is text"),
    "null": (None, "exactly one of dataframe_records"),
    "no form": ({}, "exactly one of dataframe_records"),
    "two forms": ({"instances": [], "inputs": []}, "instances and inputs"),
    "a member beside the form": ({"instances": [], "as_of": "2026-01-01"}, "'as_of'"),
    "params": ({"instances": [], "params": {"alpha": 1}}, "params"),
    "params no object": ({"instances": [], "params": []}, "params"),
    "records no list": ({"dataframe_records": CAR}, "dataframe_records is an object"),
    "a row no object": ({"dataframe_records": [CAR, 7]}, "row 1 of dataframe_records is a number"),
    "a row null": ({"instances": [None]}, "row 0 of instances is null"),
    "mixed rows": ({"instances": [list(CAR.values()), CAR]}, "row 1 of instances is an object"),
    "too few values": ({"instances": [["Ford"]]}, "row 0 of instances has 1 values for 6 fields"),
    "split no object": ({"dataframe_split": []}, "dataframe_split is a list"),
    "split without data": (
        {"dataframe_split": {"columns": []}},
        "data of dataframe_split is null or missing",
    ),
    "split without columns": ({"dataframe_split": {"data": []}}, "columns of dataframe_split"),
    "ragged split": (
        {"dataframe_split": {**SPLIT, "data": [*SPLIT["data"], ["Ford", 1]]}},
        "row 1 of dataframe_split has 2 values for 6 fields",
    ),
    "split rows no lists": ({"dataframe_split": {**SPLIT, "data": [CAR]}}, "row 0 of dataframe_split"),
    "split column twice": ({"dataframe_split": {"columns": ["a", "a"], "data": []}}, "names a field twice"),
    "split column no text": ({"dataframe_split": {"columns": [True], "data": []}}, "is not text"),
    "split with more": ({"dataframe_split": {**SPLIT, "dtype": {}}}, "'dtype'"),
    "a value beside lists": (
        {"inputs": {"make": "Ford", "doors": [5]}},
        "column 'make' of inputs is text beside lists",
    ),
    "instances of ragged columns": ({"instances": {"make": [], "doors": [5]}}, "between 0 and 1 values"),
    "ragged inputs": ({"inputs": {"make": ["Ford"], "doors": []}}, "between 0 and 1 values"),
    "inputs empty": ({"inputs": {}}, "inputs names no field"),
}


@pytest.mark.parametrize(("body", "says"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_told_what_is_wrong(client: FlaskClient, body: Any, says: str) -> None:
    """Whatever is not the protocol gets 400 and words that name the place."""
    data = body if isinstance(body, bytes) else json.dumps(body)

    document = refusal(client.post("/invocations", data=data, content_type="application/json"), 400)

    assert says in document["detail"]
    assert document["error_code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("change", "field", "value", "says"),
    [
        ({"price_gbp": None}, "price_gbp", "missing", "is required"),
        ({"price_gbp": "cheap"}, "price_gbp", "cheap", "is not a number"),
        ({"price_gbp": 0}, "price_gbp", "0", "at least 1"),
        ({"price_gbp": 1e300}, "price_gbp", "1e+300", "at most"),
        ({"mileage": 1e999}, "mileage", "inf", "is not finite"),
        ({"doors": 4.5}, "doors", "4.5", "whole number"),
        ({"doors": True}, "doors", "True", "is not a number"),
        ({"make": ["Ford"]}, "make", "['Ford']", "is not text"),
        ({"as_of": "01/03/2026"}, "as_of", "01/03/2026", "YYYY-MM-DD"),
        ({"as_of": "2026-W10-1"}, "as_of", "2026-W10-1", "YYYY-MM-DD"),
        ({"as_of": "2026-02-30"}, "as_of", "2026-02-30", "calendar"),
        ({"colour": "red"}, "colour", "", "no field of this model"),
    ],
)
def test_a_row_that_breaks_the_contract_is_told_field_by_field(
    client: FlaskClient, change: dict[str, Any], field: str, value: str, says: str
) -> None:
    """A bad value gets 422 with row, field, value and what is allowed; no row is answered."""
    body = json.dumps({"dataframe_records": [CAR, {**CAR, **change}]}).replace("Infinity", "1e999")

    document = refusal(client.post("/invocations", data=body, content_type="application/json"), 422)

    assert document["error_code"] == "INVALID_PARAMETER_VALUE"
    (entry,) = document["errors"]
    assert (entry["row"], entry["field"], entry["value"]) == (1, field, value)
    assert says in entry["message"]
    assert entry["allowed"]
    assert entry["message"] in document["message"]
    assert "1 of 2 rows" in document["message"]


def test_a_row_without_a_finite_answer_is_refused_as_a_whole(client: FlaskClient) -> None:
    """A missing mileage makes this model's answer NaN, which is an error of the row and no number."""
    document = refusal(client.post("/invocations", json={"instances": [{**CAR, "mileage": None}]}), 422)

    (entry,) = document["errors"]
    assert (entry["row"], entry["field"]) == (0, "")
    assert "no finite number" in entry["message"]


def test_every_problem_of_every_row_is_named(client: FlaskClient) -> None:
    """One reply says all there is to mend."""
    rows = [{**CAR, "doors": 9, "price_gbp": "x"}, CAR, {**CAR, "make": 1}]

    document = refusal(client.post("/invocations", json={"instances": rows}), 422)

    named = [(entry["row"], entry["field"]) for entry in document["errors"]]
    assert named == [(0, "price_gbp"), (0, "doors"), (2, "make")]


def test_a_flood_of_problems_is_cut_and_counted(client: FlaskClient) -> None:
    """A reply stays readable however much is wrong."""
    document = refusal(client.post("/invocations", json={"instances": [{} for _ in range(50)]}), 422)

    assert len(document["errors"]) == 100
    assert "200 problems in all" in document["detail"]


def test_nothing_of_the_payload_but_the_start_of_the_value_comes_back(client: FlaskClient) -> None:
    """A reply repeats at most the first characters of what was wrong."""
    reply = client.post("/invocations", json={"instances": [{**CAR, "price_gbp": "secret " * 100}]})

    document = refusal(reply, 422)
    assert reply.get_data(as_text=True).count("secret") < 10
    assert len(document["errors"][0]["value"]) <= 60


def test_unknown_fields_are_passed_over_where_the_settings_say_so(
    make_client: Callable[..., FlaskClient],
) -> None:
    """A deployment may tolerate fields that the contract does not name."""
    reply = make_client(allow_unknown_fields=True).post(
        "/invocations", json={"instances": [{**CAR, "colour": "red"}]}
    )

    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "missing"),
        ({"Content-Type": "text/plain"}, "text/plain"),
        ({"Content-Type": "application/json; charset=latin-1"}, "UTF-8"),
        ({"Content-Type": "application/json; format=pandas"}, "'format'"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "compressed"),
    ],
)
def test_another_content_type_is_refused(client: FlaskClient, headers: dict[str, str], says: str) -> None:
    """What is not plain UTF-8 JSON gets 415."""
    document = refusal(client.post("/invocations", data=b"{}", headers=headers), 415)

    assert says in document["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [CAR] * 51},
        {"inputs": {"make": ["Ford"] * 51}},
        {"dataframe_split": {"columns": ["make"], "data": [["Ford"]] * 51}},
    ],
)
def test_more_rows_than_the_limit_are_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    """The limit on rows holds in every form, and the reply names it."""
    document = refusal(client.post("/invocations", json=body), 413)

    assert "51 rows" in document["detail"]
    assert "at most 50" in document["detail"]
    assert document["error_code"] == "REQUEST_LIMIT_EXCEEDED"


@pytest.mark.parametrize("too_many", [1, 2, 9_000])
def test_a_body_longer_than_the_limit_is_refused(client: FlaskClient, too_many: int) -> None:
    """The limit on bytes holds to the byte, and the reply names it."""
    body = json.dumps({"instances": [CAR]}).encode().ljust(20_000)
    assert client.post("/invocations", data=body, content_type="application/json").status_code == 200

    reply = client.post("/invocations", data=body + b" " * too_many, content_type="application/json")

    assert "20000 bytes" in refusal(reply, 413)["detail"]


def test_an_unknown_address_and_a_wrong_method_are_problems_too(client: FlaskClient) -> None:
    """404 and 405 read like every other refusal; 405 says what is allowed."""
    assert refusal(client.get("/invocation"), 404)["error_code"] == "ENDPOINT_NOT_FOUND"
    assert refusal(client.get("/ping/"), 404)["error_code"] == "ENDPOINT_NOT_FOUND"
    reply = client.get("/invocations")
    refusal(reply, 405)
    assert "POST" in reply.headers["Allow"]


def test_an_unexpected_failure_is_logged_and_not_told(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of the service gives 500 without detail; the log has the cause under the request's id."""

    def fail() -> None:
        raise RuntimeError("the disk is on fire")

    app.add_url_rule("/fail", view_func=fail)

    reply = app.test_client().get("/fail", headers={"X-Request-ID": "order-17"})

    document = refusal(reply, 500)
    assert document["error_code"] == "INTERNAL_ERROR"
    assert "fire" not in reply.get_data(as_text=True)
    assert "order-17" in caplog.text
    assert "the disk is on fire" in caplog.text


def test_error_codes_are_words_that_mlflow_knows() -> None:
    """A client built for MLflow can look every code up."""
    databricks_pb2 = pytest.importorskip("mlflow.protos.databricks_pb2")

    assert {kind.error_code for kind in KINDS} <= set(databricks_pb2.ErrorCode.keys())
