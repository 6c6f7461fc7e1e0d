"""Replies as JSON Schema: numbers, what may stand beside them, and problems."""

from __future__ import annotations

from days_to_sell.spec import RequestContract
from serving.edge import MODEL_HEADER
from serving.openapi.rows import Schema
from serving.problems import KINDS, MAX_ENTRIES, ProblemKind
from serving.reply import JSON
from serving.request_ids import HEADER

POSITION: Schema = {"type": "integer", "minimum": 0, "description": "Position in the request, from 0."}
TEXT: Schema = {"type": "string"}


def predictions_schema(contract: RequestContract) -> Schema:
    """The reply to rows that were scored, with every member that an option may add."""
    model = dict.fromkeys(("name", "version", "digest"), TEXT)
    numbers = {"type": "number", "description": f"{contract.description}."}
    return {
        "type": "object",
        "properties": {
            "predictions": {
                "type": "array",
                "items": numbers,
                "description": "One number for each row, in order; with `partial`, for each row that `rows` "
                "names.",
            },
            "rows": {
                "type": "array",
                "items": POSITION,
                "description": "With `partial`: the rows that were answered.",
            },
            "errors": _listed("RowProblem", "With `partial`: why the other rows were not answered."),
            "model": {
                "type": "object",
                "properties": model,
                "required": list(model),
                "description": "With `explain`: what answered.",
            },
            **({"quantiles": _quantiles(contract)} if contract.quantiles else {}),
            "warnings": _listed("Warning", "With `explain`: values that training never saw the like of."),
        },
        "required": ["predictions"],
    }


def _quantiles(contract: RequestContract) -> Schema:
    shares = {
        f"{each.share:g}": {"type": "number", "description": f"Days by which {each.share:.0%} are sold."}
        for each in contract.quantiles
    }
    return {
        "type": "array",
        "items": {"type": "object", "properties": shares, "required": list(shares)},
        "description": "With `explain`: for each number, the days by which shares of the like of the row are "
        f"sold. They may lie beyond the horizon of {contract.horizon} days: `predictions` are means "
        "restricted to it, quantiles are not restricted. How far they spread around the number is the same "
        "for all rows.",
    }


def _listed(name: str, words: str) -> Schema:
    items = {"$ref": f"#/components/schemas/{name}"}
    return {
        "type": "array",
        "items": items,
        "maxItems": MAX_ENTRIES,
        "description": f"{words} The first {MAX_ENTRIES} are listed.",
    }


def row_problem_schema() -> Schema:
    """One thing wrong with one row."""
    fields: Schema = {
        "row": POSITION,
        "field": TEXT | {"description": "Name of the field; empty where the row as a whole has no answer."},
        "value": TEXT | {"description": "What came, as text, cut short."},
        "allowed": TEXT | {"description": "What the field takes."},
        "message": TEXT | {"description": "What is wrong and what to send instead."},
    }
    return {"type": "object", "properties": fields, "required": list(fields)}


def warning_schema() -> Schema:
    """A value that could be scored, and is unlike the training data."""
    fields: Schema = {
        "row": POSITION,
        "field": TEXT,
        "value": TEXT | {"description": "What came, as text, cut short."},
        "message": TEXT | {"description": "How it differs from what training saw."},
    }
    return {"type": "object", "properties": fields, "required": list(fields)}


def problem_schema() -> Schema:
    """A problem document."""
    members: Schema = {
        "type": TEXT | {"description": "Where this document describes the kind of problem."},
        "title": {"enum": [kind.title for kind in KINDS]},
        "status": {"enum": [kind.status for kind in KINDS]},
        "detail": TEXT | {"description": "What is wrong and what to do next, for people."},
        "error_code": {"enum": sorted({kind.error_code for kind in KINDS}), "description": "MLflow's word."},
        "message": TEXT | {"description": "The detail, where MLflow's clients look for it."},
        "request_id": TEXT,
    }
    errors = _listed("RowProblem", "What is wrong with which row, where rows are why.")
    return {
        "type": "object",
        "description": "RFC 9457 with MLflow's error_code and message.",
        "properties": {**members, "errors": errors},
        "required": list(members),
    }


def headers() -> Schema:
    """Headers of replies, by name."""
    words = {
        HEADER: "Name of the request: the caller's own where it is safe to log, else a new one.",
        MODEL_HEADER: "Name and version of the model that answers.",
        "WWW-Authenticate": "How to show a key.",
        "Allow": "Methods that the address takes.",
    }
    return {name: {"description": text, "required": True, "schema": TEXT} for name, text in words.items()}


def reply(description: str, content: Schema, *own: str) -> Schema:
    """A reply.

    Args:
        description: What it is.
        content: Media type to what it holds.
        own: Headers that it has beside those that every reply has.
    """
    found = {name: {"$ref": f"#/components/headers/{name}"} for name in (HEADER, MODEL_HEADER, *own)}
    return {"description": description, "headers": found, "content": content}


def json_reply(description: str, schema: Schema) -> Schema:
    """A reply in JSON."""
    return reply(description, {JSON: {"schema": schema}})


def refusals(*kinds: ProblemKind) -> Schema:
    """Problems that an operation may answer with, by status code."""
    return {str(kind.status): {"$ref": f"#/components/responses/{kind.name}"} for kind in kinds}
