"""The bytes of a request, never more than the service takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.problems import MALFORMED_REQUEST, TOO_LARGE, RequestError


def read_body(environ: Mapping[str, Any], limit: int) -> bytes:
    """Read the body of a request.

    Args:
        environ: The WSGI environment of the request.
        limit: Most bytes that a body may have; of a longer one no more is read.

    Raises:
        RequestError: The body is longer, or ends before the length that was announced.
    """
    announced = environ.get("CONTENT_LENGTH")
    if announced:
        length = int(announced)
        if length > limit:
            raise _too_large(limit)
        body: bytes = environ["wsgi.input"].read(length)
        if len(body) < length:
            raise RequestError(
                MALFORMED_REQUEST,
                f"the body ended after {len(body)} of {length} bytes; send all that Content-Length announces",
            )
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = environ["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> RequestError:
    return RequestError(
        TOO_LARGE, f"the body is longer than {limit} bytes; send the rows in several requests"
    )
