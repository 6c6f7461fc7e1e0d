"""Replies with and without options: their shape, whatever the rows."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import write_package
from days_to_sell.settings import Settings
from days_to_sell.spec import Column, Field, Quantile, Ratio, RequestContract
from serving.app import create_app
from tests.packages import CAR as PLAIN_CAR
from tests.packages import cars, days_by_formula, profile_of, write_bundle
from tests.unit.serving.conftest import CAR, write_cars

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "make": st.sampled_from(["Ford", "Kia", "Frod", "Trabant", "", None, 5]),
    "price_gbp": st.sampled_from([9_500.0, 1, 900_000, 0, -1, "9500", None, 1e300]),
    "mileage": st.sampled_from([42_000.0, 0, 1e9, None, True]),
    "doors": st.sampled_from([5, 2.0, 4.5, 9, None]),
    "milage": st.just(1),
}
GOOD = st.builds(
    lambda make, price, miles: {**CAR, "make": make, "price_gbp": price, "mileage": miles},
    st.sampled_from(["Ford", "Trabant"]),
    st.floats(1, 1e6),
    st.floats(0, 1e9),
)
BAD = st.fixed_dictionaries({}, optional=VALUES).map(lambda change: {**CAR, **change})
ROWS = st.lists(GOOD | BAD, max_size=8)
OPTIONS = st.sampled_from(["", "?partial=true", "?explain=true", "?partial=true&explain=true"])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A service whose model has quantiles."""
    package = write_cars(tmp_path_factory.mktemp("quantiles"), (Quantile(0.1, 0.25), Quantile(0.5, 1.0)))
    return create_app(package, Settings(model_version="7", access_log=False))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, options=OPTIONS)
def test_the_shape_of_a_reply_depends_on_the_options_alone(
    service: Flask, rows: list[dict[str, Any]], options: str
) -> None:
    """Predictions are plain numbers in the rows' order; positions and errors account for every row once."""
    client = service.test_client()
    whole = client.post(f"/invocations{options}", json={"instances": rows})
    alone = [client.post("/invocations", json={"instances": [row]}) for row in rows]
    answered = [n for n, reply in enumerate(alone) if reply.status_code == 200]
    partial, explain = "partial" in options, "explain" in options

    if len(answered) < len(rows) and not partial:
        assert whole.status_code == 422
        assert {entry["row"] for entry in whole.get_json()["errors"]} == set(range(len(rows))) - {*answered}
        return
    assert whole.status_code == 200
    document = whole.get_json()
    numbers = document["predictions"]
    assert all(type(number) is float for number in numbers)
    assert numbers == [alone[n].get_json()["predictions"][0] for n in answered]
    expected = {"predictions"}
    if partial:
        expected |= {"rows", "errors"}
        assert document["rows"] == answered
        refused = [entry["row"] for entry in document["errors"]]
        assert refused == sorted(refused)
        assert {*refused}.isdisjoint(answered)
        assert sorted({*refused, *answered}) == list(range(len(rows)))
        singly = [
            entry for reply in alone if reply.status_code != 200 for entry in reply.get_json()["errors"]
        ]
        assert [entry | {"row": 0} for entry in document["errors"]] == singly
    if explain:
        expected |= {"model", "quantiles", "warnings"}
        assert document["quantiles"] == [{"0.1": 0.25 * days, "0.5": days} for days in numbers]
        unusual = [n for n in answered if rows[n]["make"] in ("Trabant", "Frod", "")]
        assert [each["row"] for each in document["warnings"] if each["field"] == "make"] == unusual
        assert {each["row"] for each in document["warnings"]} <= {*answered}
    assert document.keys() == expected
    # The members are written one by one; together they are what the standard library writes.
    assert whole.data == json.dumps(document).encode()


def test_options_that_are_off_change_no_byte(client: FlaskClient) -> None:
    """The bare protocol is what is answered by default."""
    rows = [{**CAR, "price_gbp": 1_000 / 3 + n} for n in range(20)]
    plain = client.post("/invocations", json={"instances": rows})

    for query in ("?partial=false", "?explain=0", "?partial=False&explain=false"):
        assert client.post(f"/invocations{query}", json={"instances": rows}).data == plain.data
    assert plain.data == json.dumps({"predictions": plain.get_json()["predictions"]}).encode()


def test_warnings_tell_values_outside_training_and_unseen_categories(client: FlaskClient) -> None:
    """On which side, what training saw, and nothing about the bounds themselves or what is missing."""
    rows = [
        {**CAR, "price_gbp": 4_999.0, "make": "Trabant"},
        {**CAR, "price_gbp": 5_000.0, "mileage": 10},
        {**CAR, "price_gbp": 20_001, "mileage": 50_000},
    ]

    found = client.post("/invocations?explain=true", json={"instances": rows}).get_json()["warnings"]

    assert [(each["row"], each["field"], each["value"]) for each in found] == [
        (0, "price_gbp", "4999.0"),
        (0, "make", "Trabant"),
        (2, "price_gbp", "20001"),
    ]
    assert "below" in found[0]["message"]
    assert "not trained on" in found[1]["message"]
    assert "above what the model was trained on, from 5000 to 20000" in found[2]["message"]


def test_a_warning_repeats_no_more_than_the_start_of_a_value(client: FlaskClient) -> None:
    """However long it was."""
    reply = client.post("/invocations?explain=true", json={"instances": [{**CAR, "make": "secret " * 100}]})

    assert reply.get_data(as_text=True).count("secret") < 10


@pytest.fixture
def strict(tmp_path: Path) -> FlaskClient:
    """A service whose pipeline was fitted with handleInvalid="error" on fuels."""
    plain = tmp_path / "plain.zip"
    write_bundle(plain)
    with zipfile.ZipFile(plain) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    root = json.loads(members["root/model.json"])
    root["attributes"]["nodes"]["string"].insert(0, "fuel_indexer")
    ports = {"inputs": [{"port": "input", "name": "fuel"}], "outputs": [{"port": "output", "name": "rank"}]}
    attributes = {
        "labels": {"type": "list", "string": ["Diesel", "Petrol"]},
        "handle_invalid": {"string": "error"},
        "nullable_input": {"boolean": False},
    }
    members |= {
        "root/model.json": json.dumps(root),
        "root/fuel_indexer.node/model.json": json.dumps({"op": "string_indexer", "attributes": attributes}),
        "root/fuel_indexer.node/node.json": json.dumps({"name": "fuel_indexer", "shape": ports}),
        "root/assembler.node/model.json": members["root/assembler.node/model.json"],
    }
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    row = {"fuel": "Diesel", **PLAIN_CAR}
    package = write_package(
        tmp_path / "package",
        model="strict",
        bundle=tmp_path / "bundle.zip",
        contract=RequestContract(
            "strict",
            "Strict",
            "Days by a formula",
            180,
            (
                Field(Column("fuel", "string"), ("Diesel", "Petrol"), "Diesel"),
                Field(Column("price_gbp", "double"), example=9_500.0),
                Field(Column("valuation_gbp", "double"), example=10_000.0),
                Field(Column("mileage", "long"), example=42_000),
            ),
        ),
        derivations=Derivations({"price_to_valuation": Ratio("price_gbp", "valuation_gbp")}, {}),
        golden=[GoldenRow("row-0", "sample", row, days_by_formula(row))],
        profile=profile_of(cars(400)),
        provenance={"run_id": "a1b2c3", "code_commit": "0123456789abcdef"},
    )
    return create_app(package, Settings(access_log=False)).test_client()


def test_a_category_that_the_pipeline_refuses_is_told_with_its_field(strict: FlaskClient) -> None:
    """As a caller knows it, not as the pipeline does, and with what may have been meant."""
    row = {"fuel": "Disel", **PLAIN_CAR}

    reply = strict.post("/invocations", json={"instances": [row, {**row, "fuel": "Petrol"}]})

    assert reply.status_code == 422
    (entry,) = reply.get_json()["errors"]
    assert (entry["row"], entry["field"], entry["value"]) == (0, "fuel", "Disel")
    assert entry["allowed"] == "a category of the training data"
    assert entry["message"].endswith("; did you mean 'Diesel'?")
    assert "handleInvalid" not in reply.get_data(as_text=True)


def test_a_row_without_a_finite_answer_blames_no_category(strict: FlaskClient) -> None:
    """A category that training never saw is no reason for what a number did."""
    row = {"fuel": "Petrol", **PLAIN_CAR, "valuation_gbp": 0}

    (entry,) = strict.post("/invocations", json={"instances": [row]}).get_json()["errors"]

    assert entry["field"] == ""
