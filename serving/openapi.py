"""The OpenAPI document of the service, generated from the model's request contract."""

from __future__ import annotations

from collections.abc import Mapping

from days_to_sell.settings import Settings
from days_to_sell.spec import RequestContract
from serving.problems import (
    CONTENT_TYPE,
    INTERNAL_ERROR,
    INVALID_ROWS,
    KINDS,
    MALFORMED_REQUEST,
    NOT_READY,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemKind,
)
from serving.request_ids import HEADER
from serving.schemas import (
    Schema,
    columns_schema,
    example_row,
    predictions_schema,
    problem_schema,
    row_schema,
    values_schema,
)


def describe(contract: RequestContract, settings: Settings) -> Schema:
    """Describe the service in OpenAPI 3.1.

    Args:
        contract: The model's request contract.
        settings: Version of the model, limits, and whether unknown fields are passed over.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": contract.title,
            "version": settings.model_version or "unversioned",
            "description": f"{contract.description}\n\nThe expectation is restricted to the first "
            f"{contract.horizon} days. A request holds at most {settings.max_rows} rows in "
            f"{settings.max_body_bytes} bytes and is answered whole or not at all.",
        },
        "paths": {"/invocations": {"post": _scoring(contract)}, **_probes()},
        "components": {
            "schemas": {
                "Row": row_schema(contract, settings),
                "Columns": columns_schema(contract, settings),
                "Values": values_schema(contract),
                "Problem": problem_schema(),
            },
            "responses": {kind.name: _problem_response(kind) for kind in KINDS},
            "parameters": {"RequestId": _request_id()},
            "headers": {"RequestId": {"schema": {"type": "string"}, "description": "Name of the request."}},
        },
    }


def _scoring(contract: RequestContract) -> Schema:
    row = example_row(contract)
    records = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    values = {"type": "array", "items": {"$ref": "#/components/schemas/Values"}}
    columns = {"$ref": "#/components/schemas/Columns"}
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "data": {"type": "array", "items": {"type": "array"}},
            "index": {"description": "Passed over."},
        },
        "required": ["columns", "data"],
        "additionalProperties": False,
    }
    forms: dict[str, Schema] = {
        "dataframe_records": records,
        "dataframe_split": split,
        "instances": {"anyOf": [records, values]},
        "inputs": {"anyOf": [columns, records]},
    }
    examples = {
        "dataframe_records": [row],
        "dataframe_split": {"columns": list(row), "data": [list(row.values())]},
        "instances": [list(row.values())],
        "inputs": {name: [value] for name, value in row.items()},
    }
    refusals = (MALFORMED_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_ROWS, INTERNAL_ERROR, NOT_READY)
    return {
        "operationId": "score",
        "summary": "Score rows",
        "description": "MLflow's scoring protocol; a body has exactly one of the four forms.",
        "parameters": [{"$ref": "#/components/parameters/RequestId"}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"oneOf": [_form(name, content) for name, content in forms.items()]},
                    "examples": {name: {"value": {name: content}} for name, content in examples.items()},
                }
            },
        },
        "responses": {
            "200": _reply("One number for each row, in order: days.", predictions_schema(contract)),
            **_refusals(*refusals),
        },
    }


def _form(name: str, content: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {name: content, "params": {"type": ["object", "null"], "maxProperties": 0}},
        "required": [name],
        "additionalProperties": False,
    }


def _probes() -> Schema:
    text = {
        name: {"type": "string"} for name in ("model", "version", "digest", "environment", "run_id", "engine")
    }
    named = {"type": "object", "properties": text, "required": list(text)}
    blank = {"type": "string", "const": "\n"}
    return {
        "/": _read("index", "What this is and where things are", {"type": "object"}),
        "/ping": _read("ping", "MLflow's probe: a blank line once rows can be scored", blank, NOT_READY),
        "/health": _read("health", "The same as /ping", blank, NOT_READY),
        "/livez": _read("live", "Whether the process answers", {"type": "object"}),
        "/readyz": _read("ready", "Whether rows can be scored", {"type": "object"}, NOT_READY),
        "/version": _read("version", "Which model version answers (not, as with MLflow's own server, which "
                          "version of MLflow)", named),
        "/metrics": _read("metrics", "Inputs, predictions and drift of all workers, for Prometheus",
                          {"type": "string"}, content="text/plain"),
        "/openapi.json": _read("openapi", "This document", {"type": "object"}),
    }  # fmt: skip


def _read(
    operation: str, summary: str, schema: Schema, *refusals: ProblemKind, content: str = "application/json"
) -> Schema:
    responses = {"200": _reply(summary, schema, content), **_refusals(*refusals)}
    return {"get": {"operationId": operation, "summary": summary, "responses": responses}}


def _reply(description: str, schema: Schema, content: str = "application/json") -> Schema:
    return {
        "description": description,
        "headers": {HEADER: {"$ref": "#/components/headers/RequestId"}},
        "content": {content: {"schema": schema}},
    }


def _refusals(*kinds: ProblemKind) -> Mapping[str, Schema]:
    return {str(kind.status): {"$ref": f"#/components/responses/{kind.name}"} for kind in kinds}


def _problem_response(kind: ProblemKind) -> Schema:
    return {
        "description": kind.title,
        "headers": {HEADER: {"$ref": "#/components/headers/RequestId"}},
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _request_id() -> Schema:
    return {
        "name": HEADER,
        "in": "header",
        "schema": {"type": "string", "maxLength": 128},
        "description": "A name for the request; one is made where it is missing or unsafe.",
    }
