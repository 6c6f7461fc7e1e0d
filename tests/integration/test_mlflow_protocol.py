"""The service and MLflow's own scoring server answer the same requests alike, but for what is listed."""

from __future__ import annotations

import asyncio
import http.client
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from days_to_sell.registry import mleap_flavor
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from serving.protocol.differences import DIFFERENCES
from stack.ports import free_port
from tests.protocol_requests import Request, requests, write_model_package

ROOT = Path(__file__).parents[2]
START_SECONDS = 120
TOLERANCE = 1e-9
REQUESTS = requests()
LISTED = {each.name: each for each in DIFFERENCES}


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    body: bytes

    @property
    def predictions(self) -> list[float] | None:
        """The numbers, if these are numbers."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return None
        return document.get("predictions") if isinstance(document, dict) else None


Ask = Callable[[Request], Answer]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The model package that both serve."""
    return write_model_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def model(package: ModelPackage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as MLflow has it: the flavour's function over the package."""
    path = tmp_path_factory.mktemp("model") / "model"
    mleap_flavor.save_model(None, str(path), model_package=package.root, spark_flavor=False)
    return path


@pytest.fixture(scope="module")
def mlflow_server(model: Path) -> Iterator[Ask]:
    """The application that ``mlflow models serve`` runs, asked without a socket."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        # MLflow takes it for set as long as the process lives, and puts the model's code on the path.
        patch.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")
        patch.setattr(sys, "path", [*sys.path])
        from mlflow.pyfunc import scoring_server

        app = scoring_server.init(scoring_server.load_model_with_mlflow_config(str(model)))
        yield lambda request: runner.run(_ask_asgi(app, request))


@pytest.fixture(scope="module")
def service(package: ModelPackage) -> Ask:
    """The service, asked without a socket."""
    client = create_app(package, Settings(access_log=False)).test_client()

    def ask(request: Request) -> Answer:
        reply = client.open(request.target, method=request.method, data=request.body, headers=request.headers)
        return Answer(reply.status_code, reply.data)

    return ask


async def _ask_asgi(app: Any, request: Request) -> Answer:
    """Send one request through ASGI as a server does."""
    path, _, query = request.target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    incoming = [{"type": "http.request", "body": request.body, "more_body": False}]
    status, body = 0, b""

    async def receive() -> dict[str, Any]:
        return incoming.pop() if incoming else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except Exception:
        # What the application does not catch, it answers with 500 and hands to the server for its log.
        assert status == 500
    return Answer(status, body)


def _alike(request: Request, theirs: Answer, ours: Answer) -> bool:
    """Whether two answers mean the same: errors by their status, numbers within the tolerance."""
    if theirs.status != ours.status:
        return False
    if theirs.status != 200:
        return True
    if theirs.predictions is None or ours.predictions is None:
        return theirs.body == ours.body
    return len(theirs.predictions) == len(ours.predictions) and all(
        math.isclose(a, b, rel_tol=TOLERANCE)
        for a, b in zip(theirs.predictions, ours.predictions, strict=True)
    )


def judge(request: Request, theirs: Answer, ours: Answer) -> str | None:
    """Say what is wrong: a difference that is not listed, or one that is listed and is none."""
    answers = f"MLflow {theirs.status} {theirs.body[:200]!r}, here {ours.status} {ours.body[:200]!r}"
    found = f"{request.name}: {answers}"
    alike = _alike(request, theirs, ours)
    if not request.differs:
        return None if alike else f"not listed: {found}"
    listed = LISTED[request.differs]
    if alike or (listed.mlflow, listed.here) != (theirs.status, ours.status):
        return f"listed as {listed.mlflow} and {listed.here} under {listed.name!r}: {found}"
    return None


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.name)
def test_a_request_is_answered_as_mlflow_answers_it_or_the_difference_is_listed(
    mlflow_server: Ask, service: Ask, request_: Request
) -> None:
    """Statuses agree, and predictions within a relative 1e-9; what is listed differs as it is listed."""
    wrong = judge(request_, mlflow_server(request_), service(request_))

    assert wrong is None, wrong


def test_every_listed_difference_is_shown_by_a_request() -> None:
    """Nothing is listed that no request shows, and names are used once."""
    assert {request.differs for request in REQUESTS if request.differs} == set(LISTED)
    assert len(LISTED) == len(DIFFERENCES)
    assert len({request.name for request in REQUESTS}) == len(REQUESTS) > 150


def test_a_difference_that_is_not_listed_or_is_none_is_found() -> None:
    """The judge tells another status, another number, another count, and a listing without a difference."""
    number, other = Answer(200, b'{"predictions": [1.0]}'), Answer(200, b'{"predictions": [1.00001]}')
    refused, plain = Answer(400, b""), Request("a request", b"")
    assert judge(plain, number, number) is None
    assert judge(plain, refused, Answer(400, b"other words")) is None
    for answer in (other, refused, Answer(200, b'{"predictions": []}'), Answer(200, b"")):
        assert "not listed" in str(judge(plain, number, answer))
    listed = Request("another", b"", differs="params")
    assert judge(listed, number, refused) is None
    for answer in (number, Answer(422, b"")):
        assert "listed as 200 and 400" in str(judge(listed, number, answer))


@pytest.fixture(scope="module")
def addresses(
    model: Path, package: ModelPackage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, int]]:
    """Ports of ``mlflow models serve`` on the model, and of the service as it is deployed."""
    folder = tmp_path_factory.mktemp("servers")
    theirs, ours = free_port(), free_port()
    shared = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "HOME": str(folder)}
    shared |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    serve = ["-m", "mlflow", "models", "serve", "--env-manager", "local", "--model-uri", str(model)]
    gunicorn = ["-m", "gunicorn", "--config", str(ROOT / "serving" / "gunicorn.conf.py")]
    own = {"DAYS_TO_SELL_PACKAGE": str(package.root), "PORT": str(ours), "WEB_CONCURRENCY": "1"}
    commands = (
        (theirs, [*serve, "--host", "127.0.0.1", "--port", str(theirs)], {}),
        (ours, gunicorn, own | {"DAYS_TO_SELL_ACCESS_LOG": "false"}),
    )
    processes = []
    try:
        for port, command, variables in commands:
            with (folder / str(port)).open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, *command],
                        cwd=folder,
                        env=shared | variables,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
                )
            _wait_for(port, processes[-1], folder / str(port))
        yield theirs, ours
    finally:
        for process in processes:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2_000:]
        try:
            if _ask_http(port, Request("ping", b"", None, "GET", "/ping")).status == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"nothing answered on port {port} within {START_SECONDS} seconds: {log.read_text()[-2_000:]}")


def _ask_http(port: int, request: Request) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(request.method, request.target, request.body or None, request.headers)
        reply = connection.getresponse()
        return Answer(reply.status, reply.read())
    finally:
        connection.close()


@pytest.mark.parts
def test_the_same_holds_of_the_two_servers_over_http(addresses: tuple[int, int]) -> None:
    """``mlflow models serve`` and gunicorn answer as their applications do."""
    theirs, ours = addresses

    wrong = [judge(request, _ask_http(theirs, request), _ask_http(ours, request)) for request in REQUESTS]

    assert [each for each in wrong if each] == []
