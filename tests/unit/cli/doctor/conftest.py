"""A server that answers as it is told, and the environment of somebody who configured nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from days_to_sell.cli.doctor.finding import Finding, look

Answer = Response | Callable[[Request], Response]
LEADING = ("MLFLOW_", "AWS_", "DAYS_TO_SELL_", "PG")


@dataclass
class Pretended:
    """A server with one answer for each path; what it was asked is kept."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    def __call__(self, environ: Mapping[str, object], start: Callable[..., object]) -> object:
        """Answer as WSGI wants it."""
        request = Request(dict(environ))
        self.asked.append((request.method, request.path))
        found = self.answers.get(f"{request.method} {request.path}", self.answers.get(request.path))
        if found is None:
            answer = Response('{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}', 404)
        else:
            answer = found if isinstance(found, Response) else found(request)
        return answer(dict(environ), start)  # type: ignore[arg-type]


@pytest.fixture
def pretended() -> Iterator[Pretended]:
    """A server on a free port, which knows no path yet."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    fake = Pretended(f"http://127.0.0.1:{server.port}")
    server.app = fake  # type: ignore[assignment]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No variable of this machine leads anywhere, and no file of this user holds a login."""
    for name in [each for each in os.environ if each.startswith(LEADING)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(before)


def seen(at: Callable[[], str]) -> Finding:
    """Look as the doctor does."""
    return look("part", at, "broken")
