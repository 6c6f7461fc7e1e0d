"""Replay of golden data over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from days_to_sell.errors import ProofError, TargetError
from days_to_sell.release.replay import replay, require
from days_to_sell.scoring.golden import Proof
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from stack.ports import free_port
from tests.packages import make_package, rewrite

App = Callable[..., Any]


@contextmanager
def served(app: App) -> Iterator[str]:
    """Serve an application on a port of its own."""
    server = make_server("127.0.0.1", free_port(), app)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def replying(body: str, status: int = 200) -> App:
    """Make an application that gives one answer to everything."""

    @Request.application
    def app(request: Request) -> Response:
        return Response(body, status, content_type="application/json")

    return app


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """The tiny package, with 25 golden rows."""
    return make_package(tmp_path / "package")


def test_every_golden_row_is_asked_for_within_the_row_limit(package: ModelPackage) -> None:
    """Twenty-five rows pass a service that takes ten at a time."""
    with served(create_app(package, Settings(max_rows=10)).wsgi_app) as url:
        proof = replay(url, package.golden, batch_rows=10)
    assert proof.passed
    assert proof.rows == 25


def test_a_refused_row_does_not_hide_the_answers_of_its_batch(package: ModelPackage) -> None:
    """The service refuses a batch as a whole; the proof names the one row at fault, with the reason."""
    asked = rewrite(
        package.root, "golden.jsonl", lambda text: text.replace('"mileage": 622}', '"mileage": -1}')
    )
    with served(create_app(make_package(package.root.parent / "other"), Settings()).wsgi_app) as url:
        proof = replay(url, asked.golden)
    assert [difference.row_id for difference in proof.differences] == ["row-2"]
    assert "HTTP 4" in str(proof.differences[0].actual)
    with pytest.raises(ProofError, match=r"differs from Spark on 1 of 25 golden rows.*\n  row row-2"):
        require(proof, "the service")


def test_a_service_that_went_away_is_a_fault_of_the_target(package: ModelPackage) -> None:
    """No answer says nothing about the model."""
    with pytest.raises(TargetError, match="stopped answering while golden data was replayed"):
        replay(f"http://127.0.0.1:{free_port()}", package.golden)


@pytest.mark.parametrize(
    "body",
    ["<html>", '{"answers": [1]}', "[]", '{"predictions": ["soon"]}', json.dumps({"predictions": [1.0]})],
)
def test_an_answer_outside_the_protocol_is_a_fault_of_the_target(package: ModelPackage, body: str) -> None:
    """Something else than a scoring service answers there."""
    with served(replying(body)) as url, pytest.raises(TargetError, match="/invocations"):
        replay(url, package.golden)


def test_an_error_that_is_no_problem_document_is_shown_as_it_is(package: ModelPackage) -> None:
    """A proxy in between may answer in its own words."""
    with served(replying("out of order", status=500)) as url:
        proof = replay(url, package.golden[:1])
    assert proof.differences[0].actual == "HTTP 500: out of order"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_whose_service_is_gone_is_a_fault_of_the_target(package: ModelPackage, status: int) -> None:
    """A replica that is killed meanwhile says nothing about the model, which is not refused for it."""
    with (
        served(replying("no server is available", status=status)) as url,
        pytest.raises(TargetError, match=f"while golden data was replayed: HTTP {status}"),
    ):
        replay(url, package.golden)


def test_a_passed_proof_is_required_silently() -> None:
    """Nothing is raised where every row agreed."""
    require(Proof(3, 0.0, ()), "the service")
