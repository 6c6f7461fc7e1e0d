"""The document as a whole."""

from __future__ import annotations

from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.openapi.examples import Examples
from serving.openapi.reading import reading
from serving.openapi.replies import headers, problem_schema, reply, row_problem_schema, warning_schema
from serving.openapi.rows import Rows, Schema
from serving.openapi.scoring import scoring
from serving.problems import CONTENT_TYPE, KINDS, METHOD_NOT_ALLOWED, UNAUTHENTICATED, ProblemKind

TAGS = (
    ("scoring", "Numbers for rows."),
    ("about", "What answers, and how to ask it."),
    ("page", "For people with a browser."),
    ("operation", "For whoever runs the service."),
)
OF_ONE_KIND = {UNAUTHENTICATED: "WWW-Authenticate", METHOD_NOT_ALLOWED: "Allow"}


def describe(package: ModelPackage, settings: Settings) -> Schema:
    """Describe the service.

    Args:
        package: Contract, golden rows and profile of the model.
        settings: Version of the model, limits, keys, and whether unknown fields are passed over.

    Raises:
        PackageError: The golden rows or the profile are damaged.
    """
    contract, rows = package.contract, Rows(package, settings)
    examples = Examples(package, settings)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": contract.title,
            "version": settings.model_version or "unversioned",
            "description": f"{contract.description}\n\nAnswers are means restricted to the first "
            f"{contract.horizon} days. A request holds at most {settings.max_rows} rows in "
            f"{settings.max_body_bytes} bytes and is answered whole or not at all, unless it asks for "
            "`partial`. Numbers outside a field's minimum and maximum are refused; outside its "
            "`x-trained-range`, and texts beside its `x-trained-categories`, they are answered, and "
            "`explain` warns of them.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": words} for name, words in TAGS],
        "paths": {"/invocations": {"post": scoring(contract, examples, settings)}, **reading()},
        "components": {
            "schemas": {
                "Row": rows.as_object(),
                "Columns": rows.as_columns(),
                "Values": rows.as_values(),
                "Problem": problem_schema(),
                "RowProblem": row_problem_schema(),
                "Warning": warning_schema(),
            },
            "responses": {kind.name: _problem_response(kind, examples) for kind in KINDS},
            "headers": headers(),
            **({"securitySchemes": _security()} if settings.api_keys_file else {}),
        },
    }


def _problem_response(kind: ProblemKind, examples: Examples) -> Schema:
    example = {kind.name: {"value": examples.problem(kind)}}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": example}
    own = (OF_ONE_KIND[kind],) if kind in OF_ONE_KIND else ()
    return reply(kind.title, {CONTENT_TYPE: content}, *own)


def _security() -> Schema:
    words = "A key that who runs the service gave you."
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": words},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": words},
    }
