"""The OpenAPI document: it is whole, and it tells the truth about what the service takes and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.serving.conftest import CAR

REFUSED: list[dict[str, Any]] = [
    {"make": None},
    {"make": 1},
    {"price_gbp": 0},
    {"price_gbp": "9500"},
    {"doors": 4.5},
    {"doors": 9},
    {"mileage": -1},
    {"as_of": 20260301},
    {"colour": "red"},
]
TAKEN: list[dict[str, Any]] = [{}, {"make": "Trabant"}, {"doors": 4.0}, {"as_of": None}, {"price_gbp": 1e6}]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The document as a client reads it."""
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def validator(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """Judge by a schema of the document, whose references point into the document."""
    return jsonschema.Draft202012Validator({**schema, "components": document["components"]})


def references(value: object) -> Iterator[str]:
    """Every ``$ref`` below a value."""
    if isinstance(value, dict):
        yield from (target for name, target in value.items() if name == "$ref")
        yield from (target for member in value.values() for target in references(member))
    elif isinstance(value, list):
        yield from (target for member in value for target in references(member))


def resolve(document: dict[str, Any], pointer: str) -> object:
    """What a reference within the document points at."""
    found: Any = document
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_it_has_what_openapi_demands(document: dict[str, Any]) -> None:
    """Version, info and paths are there, and each operation has a name of its own and replies."""
    assert document["openapi"].startswith("3.1.")
    assert (document["info"]["title"], document["info"]["version"]) == ("Tiny model", "7")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert "200" in operation["responses"]
        assert all(resolve(document, r["$ref"]) if "$ref" in r else r["description"]
                   for r in operation["responses"].values())  # fmt: skip


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No reference dangles."""
    found = list(references(document))

    assert found
    for pointer in found:
        assert resolve(document, pointer), pointer


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    """The schemas obey JSON Schema 2020-12, which OpenAPI 3.1 takes as it is."""
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_it_names_the_addresses_that_exist(app: Flask, document: dict[str, Any]) -> None:
    """Paths and methods are those of the application, none more and none less."""
    routes = {
        (rule.rule, method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == routes


def test_its_examples_are_answered(client: FlaskClient, document: dict[str, Any]) -> None:
    """Each example fits its own schema, and the service gives it a number that fits the reply's."""
    operation = document["paths"]["/invocations"]["post"]
    content = operation["requestBody"]["content"]["application/json"]
    reply_schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(content["examples"]) == {"dataframe_records", "dataframe_split", "instances", "inputs"}
    for example in content["examples"].values():
        validator(document, content["schema"]).validate(example["value"])
        reply = client.post("/invocations", json=example["value"])
        assert reply.status_code == 200, reply.get_data(as_text=True)
        jsonschema.validate(reply.get_json(), reply_schema)


@pytest.mark.parametrize("change", TAKEN + REFUSED, ids=str)
def test_schema_and_service_agree_on_rows(
    client: FlaskClient, document: dict[str, Any], change: dict[str, Any]
) -> None:
    """What the schema takes the service answers, and what it refuses the service refuses, in every form."""
    row = {**CAR, **change}
    schema = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    judge = validator(document, schema)
    bodies: list[dict[str, Any]] = [
        {"dataframe_records": [row]},
        {"inputs": {name: [value] for name, value in row.items()}},
        {"instances": [list(row.values())]},
    ]

    for body in bodies:
        answered = client.post("/invocations", json=body).status_code == 200
        assert judge.is_valid(body) == answered == (change in TAKEN), body


def test_problems_are_as_described(client: FlaskClient, document: dict[str, Any]) -> None:
    """A problem fits the schema of problems, and its type leads to the reply that describes it."""
    for body in ({"instances": [{}]}, {}, {"instances": [CAR] * 51}):
        problem = client.post("/invocations", json=body).get_json()
        validator(document, document["components"]["schemas"]["Problem"]).validate(problem)
        described = resolve(document, problem["type"].removeprefix("/openapi.json"))
        assert described["description"] == problem["title"]  # type: ignore[index]


def test_fields_carry_unit_range_examples_and_nullability(document: dict[str, Any]) -> None:
    """What training learnt about a field is there to read, and seen categories are no closed list."""
    fields = document["components"]["schemas"]["Row"]["properties"]

    assert fields["price_gbp"] | {"type": "number", "x-unit": "GBP", "minimum": 1} == fields["price_gbp"]
    assert fields["make"]["examples"] == ["Ford", "Kia"]
    assert "enum" not in fields["make"]
    assert fields["mileage"]["type"] == ["number", "null"]
    assert (fields["as_of"]["type"], fields["as_of"]["format"]) == (["string", "null"], "date")
    assert document["components"]["schemas"]["Row"]["required"] == [
        "make", "price_gbp", "valuation_gbp", "doors",
    ]  # fmt: skip


def test_unknown_fields_are_described_as_the_settings_treat_them(
    make_client: Callable[..., FlaskClient],
) -> None:
    """The schema is open exactly where the service is."""
    for allowed in (True, False):
        found = make_client(allow_unknown_fields=allowed).get("/openapi.json").get_json()
        assert found["components"]["schemas"]["Row"]["additionalProperties"] is allowed
