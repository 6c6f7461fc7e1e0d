"""Scoring over HTTP: what is answered, and with which numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor
from tests.packages import days_by_formula
from tests.unit.serving.conftest import CAR, CAR_DAYS

DEAR = {**CAR, "price_gbp": 12_000.0}
FORMS: dict[str, Any] = {
    "dataframe_records": [CAR, DEAR],
    "dataframe_split": {"columns": list(CAR), "data": [list(CAR.values()), list(DEAR.values())]},
    "instances": [CAR, DEAR],
    "inputs": {name: [value, DEAR[name]] for name, value in CAR.items()},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_protocol_gets_the_same_numbers(client: FlaskClient, form: str) -> None:
    """MLflow's four forms mean the same rows, answered in their order."""
    reply = client.post("/invocations", json={form: FORMS[form]})

    assert reply.status_code == 200
    assert reply.content_type == "application/json"
    assert reply.get_json() == {"predictions": pytest.approx([CAR_DAYS, days_by_formula(DEAR)], rel=1e-12)}


def test_instances_may_be_lists_of_values_in_the_order_of_the_contract(client: FlaskClient) -> None:
    """A row without names takes them from the contract."""
    reply = client.post("/invocations", json={"instances": [list(DEAR.values())]})

    assert reply.get_json() == {"predictions": [pytest.approx(days_by_formula(DEAR))]}


def test_inputs_may_be_a_list_of_records(client: FlaskClient) -> None:
    """``inputs`` takes rows as well as columns."""
    assert client.post("/invocations", json={"inputs": [CAR]}).get_json() == {"predictions": [CAR_DAYS]}


@pytest.mark.parametrize("form", ["instances", "inputs"])
def test_rows_may_be_columns_or_one_record_in_either_form_of_tensors(client: FlaskClient, form: str) -> None:
    """What MLflow reads in ``inputs`` it reads in ``instances`` too, and a record alone is one row."""
    columns = {name: [value, DEAR[name]] for name, value in CAR.items()}

    assert client.post("/invocations", json={form: columns}).get_json()["predictions"] == [
        CAR_DAYS,
        pytest.approx(days_by_formula(DEAR)),
    ]
    assert client.post("/invocations", json={form: CAR}).get_json() == {"predictions": [CAR_DAYS]}


def test_a_byte_order_mark_is_passed_over(client: FlaskClient) -> None:
    """Some programs begin every UTF-8 document with one, JSON and CSV alike."""
    body = b"\xef\xbb\xbf" + json.dumps({"instances": [CAR]}).encode()

    reply = client.post("/invocations", data=body, content_type="application/json")

    assert reply.get_json() == {"predictions": [CAR_DAYS]}


def test_columns_of_a_split_frame_may_come_in_any_order_with_an_index(client: FlaskClient) -> None:
    """A frame is read by its column names, and its index is passed over."""
    frame = {"columns": list(CAR)[::-1], "index": [17], "data": [list(CAR.values())[::-1]]}

    reply = client.post("/invocations", json={"dataframe_split": frame, "params": {}})

    assert reply.get_json() == {"predictions": [CAR_DAYS]}


def test_a_request_without_rows_gets_no_numbers(client: FlaskClient) -> None:
    """Nothing asked is nothing answered, and no error."""
    assert client.post("/invocations", json={"dataframe_records": []}).get_json() == {"predictions": []}


def test_a_category_unseen_in_training_and_a_missing_date_are_answered(client: FlaskClient) -> None:
    """Categories are open, and a date that defaults to today may stay away."""
    row = {name: value for name, value in CAR.items() if name != "as_of"}

    reply = client.post("/invocations", json={"instances": [{**row, "make": "Trabant"}]})

    assert reply.get_json() == {"predictions": [CAR_DAYS]}


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=UTF-8", 'application/json;charset="utf-8"', "Application/JSON;"],
)
def test_utf8_may_be_named(client: FlaskClient, content_type: str) -> None:
    """The one charset that is read may be said, in any case; so may the type."""
    body = json.dumps({"instances": [{**CAR, "make": "Citroën"}]}, ensure_ascii=False).encode()

    assert client.post("/invocations", data=body, content_type=content_type).status_code == 200


def test_answers_keep_every_bit(client: FlaskClient, package: ModelPackage) -> None:
    """A number travels to the client as the double that the model computed."""
    rows = [{**CAR, "price_gbp": 1_000 / 3 + n} for n in range(40)]

    reply = client.post("/invocations", json={"dataframe_records": rows})

    assert reply.get_json()["predictions"] == Predictor(package).predict(rows)
