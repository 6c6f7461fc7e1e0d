"""Nothing at all behind the very same server: the floor that a WSGI service and a Flask service stand on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY = b'{"predictions": [27.182818284590452]}'


def wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer whatever is asked with the same few bytes."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return (BODY,)


def flask() -> Flask:
    """Create an application whose one route answers the same few bytes."""
    app = Flask("noop", static_folder=None)
    app.add_url_rule("/invocations", view_func=_answer, methods=["POST"])
    return app


def _answer() -> Response:
    return Response(BODY, content_type="application/json")
