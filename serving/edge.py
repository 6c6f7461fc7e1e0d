"""The edge: every request passes here, gets a name, is answered, counted and logged.

Flask's routing costs more than most models, so scoring requests are answered here, in front of it, by the
very function that Flask's own route calls. Everything else is Flask's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from serving.invocations import PATH
from serving.reply import Reply
from serving.request_ids import CHOSEN, HEADER, OFFERED, choose_request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MODEL_HEADER = "X-Model"
# Where Flask's route leaves what it answered.
ANSWERED = "days_to_sell.reply"


class Handled(NamedTuple):
    """What became of one request.

    Args:
        request_id: Its name.
        method: Its method, as it came.
        path: Its address without query, as it came.
        status: Status code of the reply.
        seconds: From the first line of the service's own code to the last.
        sent: Bytes of the reply's body.
        rows: Rows that it asked about.
        client: Label of the key that it showed.
        remote: Address that it came from.
    """

    request_id: str
    method: str
    path: str
    status: int
    seconds: float
    sent: int
    rows: int
    client: str
    remote: str


class Edge:
    """The service as a WSGI application.

    Args:
        inner: Answers what is not scored here.
        score: Answers scoring requests.
        record: Takes every request that was answered.
        model: What ``X-Model`` says on every reply.
        fast: Whether scoring requests are answered here, not by ``inner``.
    """

    def __init__(
        self,
        inner: WSGIApplication,
        score: Callable[[WSGIEnvironment], Reply],
        record: Callable[[Handled], None],
        *,
        model: str,
        fast: bool = True,
    ) -> None:
        self._inner, self._score, self._record = inner, score, record
        self._model, self._fast = (MODEL_HEADER, model), fast

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = perf_counter()
        name = environ[CHOSEN] = choose_request_id(environ.get(OFFERED))
        own = ((HEADER, name), self._model)
        if self._fast and environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] == "POST":
            reply = self._score(environ)
            start_response(reply.line, [*reply.all_headers, *own])
            self._note(environ, name, began, reply.status, len(reply.body), reply)
            return (reply.body,)
        status, sent = 500, 0

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status, sent
            status = int(line[:3])
            sent = next((int(value) for header, value in headers if header.lower() == "content-length"), 0)
            return start_response(line, [*headers, *own], exc_info)

        body = self._inner(environ, start)
        self._note(environ, name, began, status, sent, environ.get(ANSWERED))
        return body

    def _note(
        self, environ: WSGIEnvironment, name: str, began: float, status: int, sent: int, reply: Reply | None
    ) -> None:
        rows, client = (reply.rows, reply.client) if reply else (0, "")
        self._record(
            Handled(
                name,
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"],
                status,
                perf_counter() - began,
                sent,
                rows,
                client,
                environ.get("REMOTE_ADDR", ""),
            )
        )
