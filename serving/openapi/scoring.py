"""``POST /invocations``: forms of a request, options, and replies."""

from __future__ import annotations

from days_to_sell.settings import Settings
from days_to_sell.spec import RequestContract
from serving.openapi.examples import Examples
from serving.openapi.replies import predictions_schema, refusals, reply
from serving.openapi.rows import Schema
from serving.problems import (
    INTERNAL_ERROR,
    INVALID_ROWS,
    MALFORMED_REQUEST,
    NOT_READY,
    TOO_LARGE,
    TOO_SLOW,
    UNAUTHENTICATED,
    UNSUPPORTED_MEDIA_TYPE,
)
from serving.protocol import MEDIA
from serving.reply import JSON
from serving.request_ids import HEADER

REFUSALS = (
    MALFORMED_REQUEST,
    TOO_SLOW,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID_ROWS,
    INTERNAL_ERROR,
    NOT_READY,
)
OPTIONS = {
    "partial": "Whether rows that can be scored are answered although others cannot; the reply then has "
    "`rows` and `errors`.",
    "explain": "Whether the reply says what answered, how sure it is and what was unusual: `model`, "
    "`quantiles` where the model has them, and `warnings`.",
}


def scoring(contract: RequestContract, examples: Examples, settings: Settings) -> Schema:
    """Describe the operation.

    Args:
        contract: What the numbers mean.
        examples: Requests and replies.
        settings: Limits, keys, and whether unknown fields are passed over.
    """
    content = {"schema": predictions_schema(contract), "examples": examples.replies()}
    kinds = (*REFUSALS, UNAUTHENTICATED) if settings.api_keys_file else REFUSALS
    return {
        "operationId": "score",
        "tags": ["scoring"],
        "summary": "Score rows",
        "description": "MLflow's scoring protocol. JSON has exactly one of the four forms; the first line of "
        "CSV names the fields, and an empty value is a missing one.",
        "parameters": [*(_option(name, words) for name, words in OPTIONS.items()), _request_id()],
        "requestBody": {
            "required": True,
            "content": {JSON: _json(examples, settings)}
            | {media: _csv(examples) for media, kind in MEDIA.items() if kind == "csv"},
        },
        "responses": {
            "200": reply("One number for each row, in order: days.", {JSON: content}),
            **refusals(*sorted(kinds, key=lambda kind: kind.status)),
        },
        **({"security": [{"bearer": []}, {"apiKey": []}]} if settings.api_keys_file else {}),
    }


def _json(examples: Examples, settings: Settings) -> Schema:
    records = _rows("Row", settings)
    values, columns = _rows("Values", settings), {"$ref": "#/components/schemas/Columns"}
    one = {"$ref": "#/components/schemas/Row"}
    split = {
        "type": "object",
        "properties": {
            "columns": {
                "type": "array",
                "items": {"type": "string"},
                "uniqueItems": True,
                "description": "Names of fields.",
            },
            "data": {
                "type": "array",
                "items": {"type": "array"},
                "maxItems": settings.max_rows,
                "description": "Rows of as many values as there are columns; each value is as in Row.",
            },
            "index": {"description": "Passed over."},
        },
        "required": ["columns", "data"],
        "additionalProperties": False,
    }
    forms: dict[str, Schema] = {
        "dataframe_records": records,
        "dataframe_split": split,
        "instances": {"anyOf": [records, values, columns, one]},
        "inputs": {"anyOf": [columns, records, one]},
    }
    return {
        "schema": {"oneOf": [_form(name, content) for name, content in forms.items()]},
        "examples": {name: {"value": {name: rows}} for name, rows in examples.forms().items()},
    }


def _rows(name: str, settings: Settings) -> Schema:
    items = {"$ref": f"#/components/schemas/{name}"}
    return {"type": "array", "items": items, "maxItems": settings.max_rows}


def _form(name: str, content: Schema) -> Schema:
    return {
        "type": "object",
        "title": name,
        "properties": {name: content, "params": {"type": ["object", "null"], "maxProperties": 0}},
        "required": [name],
        "additionalProperties": False,
    }


def _csv(examples: Examples) -> Schema:
    words = "CSV (RFC 4180) in UTF-8. Fields and what they take are those of Row."
    return {
        "schema": {"type": "string", "description": words},
        "examples": {"csv": {"value": examples.csv()}},
    }


def _option(name: str, words: str) -> Schema:
    return {
        "name": name,
        "in": "query",
        "schema": {"type": "boolean", "default": False},
        "allowEmptyValue": True,
        "description": f"{words} 1 and no value mean true, 0 means false.",
    }


def _request_id() -> Schema:
    return {
        "name": HEADER,
        "in": "header",
        "schema": {"type": "string"},
        "description": "A name for the request: at most 128 letters, digits and `._:/+=@-`. One is made "
        "where there is none or another.",
    }
