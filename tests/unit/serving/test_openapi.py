"""The OpenAPI document: it is whole, and it tells the truth about what the service takes and answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient

from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from serving.invocations import Invocations
from serving.openapi import describe
from serving.problems import KINDS
from serving.protocol import MEDIA
from serving.reply import Reply
from tests.packages import make_package, rewrite
from tests.unit.serving.conftest import CAR, CAR_DAYS, described

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


@pytest.fixture
def spread(tmp_path: Path) -> ModelPackage:
    """A package that knows how the like of a row spread."""
    quantiles = '"quantiles": [{"share": 0.1, "times": 0.25}, {"share": 0.5, "times": 1.0}]'
    package = make_package(tmp_path / "spread")
    return rewrite(package.root, "contract.json", lambda text: text.replace('"quantiles": []', quantiles))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A file of one key, which is "secret"."""
    path = tmp_path / "keys"
    path.write_text(f"someone sha256:{hashlib.sha256(b'secret').hexdigest()}\n", encoding="utf-8")
    return path


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


def test_it_is_openapi_3_1(
    document: dict[str, Any], package: ModelPackage, spread: ModelPackage, keys: Path
) -> None:
    """It obeys OpenAPI's own schema, whatever the model and the settings."""
    for each in (document, describe(spread, Settings()), describe(package, Settings(api_keys_file=keys))):
        schemathesis.openapi.from_dict(each).validate()
        with pytest.raises(Exception, match="paths"):
            schemathesis.openapi.from_dict({**each, "paths": []}).validate()


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
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == routes


def test_its_examples_are_golden_rows_and_what_spark_answered(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    """Each request fits its own schema, and gets the reply that stands beside it."""
    operation = document["paths"]["/invocations"]["post"]
    replies = operation["responses"]["200"]["content"]["application/json"]["examples"]
    bodies = operation["requestBody"]["content"]
    assert set(bodies["application/json"]["examples"]) == {
        "dataframe_records", "dataframe_split", "instances", "inputs",
    }  # fmt: skip
    assert set(bodies) == set(MEDIA)
    assert bodies["application/json"]["examples"]["dataframe_records"]["value"]["dataframe_records"] == [CAR]
    for media, content in bodies.items():
        for example in content["examples"].values():
            validator(document, content["schema"]).validate(example["value"])
            sent = {"data": example["value"], "content_type": media} if media.endswith("csv") else {}
            sent = sent or {"json": example["value"]}
            answered = client.post("/invocations", **sent)
            assert answered.get_json() == replies["plain"]["value"], answered.get_data(as_text=True)
            explained = client.post("/invocations?explain=true", **sent)
            assert explained.get_json() == replies["explain"]["value"]
    assert replies["plain"]["value"] == {"predictions": [CAR_DAYS]}


def test_every_example_of_a_reply_fits_its_schema(document: dict[str, Any]) -> None:
    """Numbers with and without options, and each kind of problem."""
    contents = [reply["content"] for reply in document["components"]["responses"].values()]
    contents.append(document["paths"]["/invocations"]["post"]["responses"]["200"]["content"])
    for content in contents:
        for held in content.values():
            assert held["examples"]
            for example in held["examples"].values():
                validator(document, held["schema"]).validate(example["value"])
    kinds = {kind.name: kind.status for kind in KINDS}
    assert set(document["components"]["responses"]) == set(kinds)
    for name, reply in document["components"]["responses"].items():
        example = reply["content"]["application/problem+json"]["examples"][name]["value"]
        assert (example["status"], example["title"]) == (kinds[name], reply["description"])


def test_a_package_without_golden_rows_has_a_request_and_no_reply(tmp_path: Path) -> None:
    """The example of the contract stands in; an answer is not made up."""
    found = describe(make_package(tmp_path / "package", rows=0), Settings())["paths"]["/invocations"]["post"]
    examples = found["requestBody"]["content"]["application/json"]["examples"]
    assert examples["instances"]["value"] == {"instances": [[9_500.0, 10_000.0, 42_000]]}
    assert found["responses"]["200"]["content"]["application/json"]["examples"] == {}


def test_options_and_what_they_add_are_described(client: FlaskClient, document: dict[str, Any]) -> None:
    """Each option is a parameter, and no reply has a member that the document does not name."""
    operation = document["paths"]["/invocations"]["post"]
    parameters = {each["name"]: each["in"] for each in operation["parameters"]}
    assert parameters == {"partial": "query", "explain": "query", "X-Request-ID": "header"}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    rows = [CAR, {**CAR, "doors": 9}, {**CAR, "make": "Trabant"}]
    found = client.post("/invocations?partial=true&explain=true", json={"instances": rows}).get_json()
    assert set(found) == set(schema["properties"])
    assert set(found["errors"][0]) == set(document["components"]["schemas"]["RowProblem"]["properties"])
    assert set(found["warnings"][0]) == set(document["components"]["schemas"]["Warning"]["properties"])


def test_quantiles_are_described_where_the_model_has_them(
    document: dict[str, Any], spread: ModelPackage
) -> None:
    """They are named by share, may lie beyond the horizon, and are answered as described."""
    operation = describe(spread, Settings())["paths"]["/invocations"]["post"]
    content = operation["responses"]["200"]["content"]["application/json"]
    quantiles = content["schema"]["properties"]["quantiles"]
    assert quantiles["items"]["required"] == ["0.1", "0.5"]
    assert "beyond the horizon of 180 days" in quantiles["description"]
    client = described(create_app(spread, Settings())).test_client()
    request = operation["requestBody"]["content"]["application/json"]["examples"]["inputs"]["value"]
    reply = client.post("/invocations?explain=1", json=request).get_json()
    assert reply == content["examples"]["explain"]["value"]
    assert reply["quantiles"][0] == {"0.1": reply["predictions"][0] * 0.25, "0.5": reply["predictions"][0]}
    without = document["paths"]["/invocations"]["post"]["responses"]["200"]["content"]["application/json"]
    assert "quantiles" not in without["schema"]["properties"]


def test_keys_are_described_only_where_they_are_needed(
    document: dict[str, Any], package: ModelPackage, keys: Path
) -> None:
    """Both ways to show one, and what happens without; only scoring is guarded."""
    assert "securitySchemes" not in document["components"]
    assert "401" not in document["paths"]["/invocations"]["post"]["responses"]
    client = described(create_app(package, Settings(api_keys_file=keys))).test_client()
    found = client.get("/openapi.json").get_json()
    schemes = found["components"]["securitySchemes"]
    assert found["paths"]["/invocations"]["post"]["security"] == [{name: []} for name in schemes]
    assert [path for path, each in found["paths"].items() if "security" in each.get("get", {})] == []
    shown = {
        schemes["bearer"]["scheme"]: {"Authorization": "Bearer secret"},
        schemes["apiKey"]["type"]: {schemes["apiKey"]["name"]: "secret"},
    }
    for headers in shown.values():
        assert client.post("/invocations", json={"instances": [CAR]}, headers=headers).status_code == 200
    assert client.post("/invocations", json={"instances": [CAR]}).status_code == 401


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
        response = resolve(document, problem["type"].removeprefix("/openapi.json"))
        assert response["description"] == problem["title"]  # type: ignore[index]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(409, b"{}"),
        Reply(200, b'{"predictions": []}', "text/plain"),
        Reply(200, b'{"predictions": ["1"]}'),
        Reply(401, b"{}", "application/problem+json"),
    ],
    ids=["status", "content type", "body", "a problem of services with keys"],
)
def test_a_reply_that_is_not_described_fails_every_test(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, reply: Reply
) -> None:
    """The client of these tests holds what comes against the document."""
    monkeypatch.setattr(Invocations, "__call__", lambda self, environ: reply)
    with pytest.raises((AssertionError, jsonschema.ValidationError)):
        client.post("/invocations", json={"instances": [CAR]})


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


def test_hard_limits_are_told_from_what_training_saw(client: FlaskClient, document: dict[str, Any]) -> None:
    """Beyond minimum and maximum a row is refused; beyond what training saw it is answered with a warning."""
    fields = document["components"]["schemas"]["Row"]["properties"]
    price = fields["price_gbp"]
    assert (price["minimum"], price["maximum"]) == (1, 1e6)
    assert price["x-trained-range"] == {"minimum": 5_000, "maximum": 20_000}
    assert fields["make"]["x-trained-categories"] == ["Ford", "Kia"]
    assert "x-trained-range" not in fields["valuation_gbp"]
    for value, status, warned in ((0.5, 422, None), (4_000.0, 200, True), (6_000.0, 200, False)):
        reply = client.post("/invocations?explain=true", json={"instances": [{**CAR, "price_gbp": value}]})
        assert reply.status_code == status
        if warned is not None:
            assert bool(reply.get_json()["warnings"]) == warned


def test_unknown_fields_are_described_as_the_settings_treat_them(
    make_client: Callable[..., FlaskClient],
) -> None:
    """The schema is open exactly where the service is."""
    for allowed in (True, False):
        found = make_client(allow_unknown_fields=allowed).get("/openapi.json").get_json()
        assert found["components"]["schemas"]["Row"]["additionalProperties"] is allowed
