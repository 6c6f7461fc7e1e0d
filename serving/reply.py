"""What the service answers, before any server or framework takes it."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from flask import Response

JSON = "application/json"
LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Reply(NamedTuple):
    """A whole answer to one request.

    Args:
        status: HTTP status code.
        body: The document.
        content_type: What kind of document.
        headers: Further headers.
        rows: Rows that were asked about, for the log and the counters.
        client: Label of the key that was shown; empty where none was needed.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    client: str = ""

    @property
    def line(self) -> str:
        """The status line that WSGI takes."""
        return LINES[self.status]

    @property
    def all_headers(self) -> list[tuple[str, str]]:
        """Every header that the document needs."""
        length = str(len(self.body))
        return [("Content-Type", self.content_type), ("Content-Length", length), *self.headers]

    def as_response(self) -> Response:
        """Give it to Flask."""
        return Response(self.body, self.line, self.all_headers)
