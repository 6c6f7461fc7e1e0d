"""The bytes of a request, never more than the service takes, and never awaited for longer than it waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.problems import MALFORMED_REQUEST, TOO_LARGE, TOO_SLOW, RequestError


def read_body(environ: Mapping[str, Any], limit: int) -> bytes:
    """Read the body of a request.

    Args:
        environ: The WSGI environment of the request.
        limit: Most bytes that a body may have; of a longer one no more is read.

    Raises:
        RequestError: The body is longer, ends before the length that was announced, is not chunked as it
            should be, or came too slowly for the server.
    """
    announced = environ.get("CONTENT_LENGTH")
    if announced:
        length = _length(announced)
        if length > limit:
            raise _too_large(limit)
        body = _read(environ, length)
        if len(body) < length:
            raise RequestError(
                MALFORMED_REQUEST,
                f"the body ended after {len(body)} of {length} bytes; send all that Content-Length announces",
            )
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = _read(environ, limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _length(announced: str) -> int:
    # No service takes a length of more digits, and int() refuses thousands of them.
    if announced.isascii() and announced.isdigit() and len(announced) < 20:
        return int(announced)
    raise RequestError(MALFORMED_REQUEST, "Content-Length is no length; send the number of bytes of the body")


def _read(environ: Mapping[str, Any], size: int) -> bytes:
    try:
        body: bytes = environ["wsgi.input"].read(size)
    except TimeoutError as error:
        # Of the worker's deadline, which knows how long it is.
        raise RequestError(TOO_SLOW, "the body did not arrive in time; send it again, faster") from error
    except OSError as error:
        raise RequestError(
            MALFORMED_REQUEST, "the body could not be read to its end; send its chunks as RFC 9112 says"
        ) from error
    return body


def _too_large(limit: int) -> RequestError:
    return RequestError(
        TOO_LARGE, f"the body is longer than {limit} bytes; send the rows in several requests"
    )
