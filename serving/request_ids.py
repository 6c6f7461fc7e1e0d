"""A name for every request: the caller's own where it is sane, else a new one, returned on each reply."""

from __future__ import annotations

import re
import uuid

from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}", re.ASCII)


def choose_request_id(offered: str | None) -> str:
    """Keep an id that is safe in headers and logs, else make one.

    >>> choose_request_id("order-17")
    'order-17'
    """
    return offered if offered and _SANE.fullmatch(offered) else uuid.uuid4().hex


def current_request_id() -> str:
    """The id of the request being answered."""
    return str(g.request_id)


def attach(app: Flask) -> None:
    """Give every request of ``app`` an id and every reply the id of its request."""

    def choose() -> None:
        g.request_id = choose_request_id(request.headers.get(HEADER))

    def reply(response: Response) -> Response:
        response.headers[HEADER] = current_request_id()
        return response

    app.before_request(choose)
    app.after_request(reply)
