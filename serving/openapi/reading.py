"""Addresses that are read with GET."""

from __future__ import annotations

from serving.openapi.replies import json_reply, refusals, reply
from serving.openapi.rows import Schema
from serving.problems import INTERNAL_ERROR, NOT_FOUND, NOT_READY, ProblemKind
from serving.reply import JSON

TEXT: Schema = {"type": "string"}


def reading() -> Schema:
    """Describe them, by path."""
    # MLflow's probe answers a blank line as JSON, which it is not, so nothing is said of what it holds.
    blank = reply("A blank line.", {JSON: {}})
    html = reply("A page.", {"text/html": {"schema": TEXT}})
    return {
        "/": _kept(_read("page", "page", "A page on which people ask", html)),
        "/page/{name}": _file("page-file"),
        "/docs": _kept(_read("docs", "page", "This document, as a page", html)),
        "/docs/{name}": _file("docs-file"),
        "/openapi.json": _read("openapi", "about", "This document", json_reply("The document.", _any())),
        "/version": _read(
            "version",
            "about",
            "Which model version answers (MLflow's own server names the version of MLflow)",
            _object("model", "version", "digest", "environment", "run_id", "engine"),
        ),
        "/livez": _read("live", "operation", "Whether the process answers", _object("status")),
        "/readyz": _read(
            "ready",
            "operation",
            "Whether rows can be scored: the model gave Spark's answers to its own golden rows",
            _object("status", golden={"rows": {"type": "integer"}, "max_rel_error": {"type": "number"}}),
            NOT_READY,
        ),
        "/ping": _read("ping", "operation", "The same, as MLflow's clients ask it", blank, NOT_READY),
        "/health": _read("health", "operation", "The same as /ping", blank, NOT_READY),
        "/metrics": _read(
            "metrics",
            "operation",
            "Requests, rows, inputs, predictions and drift of all workers, for Prometheus",
            reply("Prometheus' text format.", {"text/plain": {"schema": TEXT}}),
        ),
    }


def _read(operation: str, tag: str, summary: str, found: Schema, *kinds: ProblemKind) -> Schema:
    return {
        "get": {
            "operationId": operation,
            "tags": [tag],
            "summary": summary,
            "responses": {"200": found, **refusals(INTERNAL_ERROR, *kinds)},
        }
    }


def _file(operation: str) -> Schema:
    content = reply("The file.", {"text/css": {}, "text/javascript": {}, "image/svg+xml": {}})
    found = _read(operation, "page", "A file of the page", content, NOT_FOUND)
    found["get"]["parameters"] = [{"name": "name", "in": "path", "required": True, "schema": TEXT}]
    return _kept(found)


def _kept(found: Schema) -> Schema:
    """Browsers keep pages and files, and ask whether they are still right."""
    found["get"]["responses"]["304"] = {"description": "The browser's copy is still right."}
    return found


def _any() -> Schema:
    return {"type": "object"}


def _object(*texts: str, **objects: Schema) -> Schema:
    """A reply in JSON: an object of texts and of objects, all of them there."""
    properties: Schema = dict.fromkeys(texts, TEXT)
    for name, members in objects.items():
        properties[name] = {"type": "object", "properties": members, "required": list(members)}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return json_reply("An object.", schema)
