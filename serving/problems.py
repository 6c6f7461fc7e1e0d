"""Errors as RFC 9457 problem documents that carry MLflow's ``error_code`` and ``message`` too."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from days_to_sell.errors import DaysToSellError
from serving.reply import Reply
from serving.request_ids import current_request_id

CONTENT_TYPE = "application/problem+json"
MAX_ENTRIES = 100
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProblemKind:
    """A kind of problem; the OpenAPI document describes it under the same name.

    Args:
        name: Name of its response in the OpenAPI document.
        status: HTTP status code.
        title: What it is, in a few words that never change.
        error_code: MLflow's word for it.
    """

    name: str
    status: int
    title: str
    error_code: str


MALFORMED_REQUEST = ProblemKind("MalformedRequest", 400, "The request is malformed", "BAD_REQUEST")
UNAUTHENTICATED = ProblemKind("Unauthenticated", 401, "The request shows no known key", "UNAUTHENTICATED")
NOT_FOUND = ProblemKind("NotFound", 404, "There is nothing at this address", "ENDPOINT_NOT_FOUND")
METHOD_NOT_ALLOWED = ProblemKind(
    "MethodNotAllowed", 405, "The address does not take this method", "BAD_REQUEST"
)
TOO_SLOW = ProblemKind("TooSlow", 408, "The request took too long to arrive", "BAD_REQUEST")
TOO_LARGE = ProblemKind("TooLarge", 413, "The request is too large", "REQUEST_LIMIT_EXCEEDED")
UNSUPPORTED_MEDIA_TYPE = ProblemKind(
    "UnsupportedMediaType", 415, "The service reads JSON and CSV only", "BAD_REQUEST"
)
INVALID_ROWS = ProblemKind(
    "InvalidRows", 422, "Rows break the contract of the model", "INVALID_PARAMETER_VALUE"
)
INTERNAL_ERROR = ProblemKind("InternalError", 500, "The service failed", "INTERNAL_ERROR")
NOT_READY = ProblemKind("NotReady", 503, "The service is not ready", "TEMPORARILY_UNAVAILABLE")

KINDS = (
    MALFORMED_REQUEST,
    UNAUTHENTICATED,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    TOO_SLOW,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID_ROWS,
    INTERNAL_ERROR,
    NOT_READY,
)
UNANSWERABLE = "the request could not be answered; report its request_id"


class RequestError(DaysToSellError):
    """A request is refused as a whole, before any of its rows is looked at.

    Args:
        kind: What kind of problem it is.
        detail: What is wrong and what to send instead.
        headers: Headers that the reply needs.
    """

    def __init__(self, kind: ProblemKind, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers = kind, detail, headers


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong with one row.

    Args:
        row: Position of the row in the request, from 0.
        field: Name of the field; empty where the row as a whole gets no answer.
        value: What came, as text, cut short.
        allowed: What the field takes.
        message: What is wrong and what to send instead.
    """

    row: int
    field: str
    value: str
    allowed: str
    message: str


def problem(
    kind: ProblemKind,
    detail: str,
    request_id: str,
    errors: Sequence[RowProblem] = (),
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """Make the reply for a problem.

    Args:
        kind: What kind it is.
        detail: What is wrong here and what to do next, for people; MLflow's clients show it as ``message``.
        request_id: Name of the request.
        errors: What is wrong with which row; the first hundred are listed.
        headers: Headers that the reply needs.
    """
    document: dict[str, Any] = {
        "type": f"/openapi.json#/components/responses/{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "error_code": kind.error_code,
        "message": detail,
        "request_id": request_id,
    }
    if errors:
        document["errors"] = listed(errors)
    return Reply(kind.status, json.dumps(document).encode(), CONTENT_TYPE, headers)


def invalid_rows(errors: Sequence[RowProblem], rows: int, request_id: str) -> Reply:
    """Make the reply for rows that break the contract; none of the request's rows is answered then."""
    broken = len({entry.row for entry in errors})
    first = errors[0]
    detail = f"{broken} of {rows} rows cannot be scored; the first: row {first.row}: {first.message}"
    if len(errors) > MAX_ENTRIES:
        detail += f" ({len(errors)} problems in all, {MAX_ENTRIES} listed)"
    return problem(INVALID_ROWS, detail, request_id, errors)


def listed(errors: Sequence[RowProblem]) -> list[dict[str, Any]]:
    """Write the first hundred problems of rows as a reply lists them."""
    return [vars(entry) for entry in errors[:MAX_ENTRIES]]


def attach(app: Flask, max_body_bytes: int) -> None:
    """Turn every error of ``app`` that is not a reply yet into a problem."""
    details = {
        MALFORMED_REQUEST: "the request could not be read to its end; send it again",
        NOT_FOUND: "there is no such address; /docs lists those there are",
        METHOD_NOT_ALLOWED: "this address takes the methods named in the Allow header",
        TOO_LARGE: f"the body is longer than {max_body_bytes} bytes; send the rows in several requests",
    }
    kinds = {kind.status: kind for kind in KINDS}

    def refuse(error: HTTPException) -> Response:
        kind = kinds.get(error.code or 500)
        if kind is None:
            kind = MALFORMED_REQUEST if (error.code or 500) < 500 else INTERNAL_ERROR
        allowed = tuple(header for header in error.get_headers() if header[0].lower() == "allow")
        detail = details.get(kind, error.name)
        return problem(kind, detail, current_request_id(), headers=allowed).as_response()

    def fail(error: Exception) -> Response:
        _logger.error("request %s failed", current_request_id(), exc_info=error)
        return problem(INTERNAL_ERROR, UNANSWERABLE, current_request_id()).as_response()

    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Exception, fail)
