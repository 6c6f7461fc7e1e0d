"""The tracking server: each way in which it can fail to be one, with what to do about it."""

from __future__ import annotations

import json
import re
import threading

import mlflow
import pytest
from werkzeug.wrappers import Request, Response

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Broken
from days_to_sell.cli.doctor.server import API, Server, registry, tracking
from days_to_sell.registry.overriding import GATED_TAG
from stack.ports import free_port
from tests.unit.cli.doctor.conftest import Pretended, seen

CURRENT, MODEL = f"{API}/users/current", f"{API}/registered-models/get"
RUTH = Response(json.dumps({"is_basic_auth": True, "user": {"username": "ruth"}}))


@pytest.fixture
def server(pretended: Pretended) -> Server:
    """A healthy one with logins, of our version."""
    pretended.answers = {"/health": Response("OK"), "/version": Response(mlflow.__version__), CURRENT: RUTH}
    return Server(pretended.url, Clocks())


def registered(*tags: str) -> Response:
    """What MLflow tells of a registered model."""
    return Response(json.dumps({"registered_model": {"name": "any", "tags": [{"key": tag} for tag in tags]}}))


def test_a_server_that_fits_is_told_with_version_and_login(server: Server) -> None:
    """Nothing but that; and its clock was read on the way."""
    found = seen(lambda: tracking(server))
    assert (found.status, found.told) == (
        "ok",
        f"{server.address}, MLflow {mlflow.__version__}, logged in as ruth",
    )
    assert {reading.place for reading in server.clocks.readings} == {"the tracking server"}


def test_without_a_server_it_says_where_runs_go() -> None:
    """That is how a machine is on the first day, and no fault."""
    found = seen(lambda: tracking(Server("sqlite:///mlflow.db", Clocks())))
    assert (found.status, found.said) == ("note", "not configured: runs go to sqlite:///mlflow.db")
    assert "MLFLOW_TRACKING_URI" in found.remedy


@pytest.mark.parametrize(
    ("path", "answer", "status", "said", "remedy"),
    [
        ("/health", Response("down", 502), "broken", "answers GET /health with 502", "the proxy before it"),
        (
            CURRENT,
            Response("no", 401),
            "broken",
            "asks for a login, and none is set",
            "set MLFLOW_TRACKING_USER",
        ),
        (
            CURRENT,
            Response("Invalid Host header - possible DNS rebinding attack detected", 403),
            "broken",
            "refuses requests for the name 127.0.0.1:",
            "MLFLOW_SERVER_ALLOWED_HOSTS=127.0.0.1:",
        ),
        (CURRENT, Response("{}", 404), "note", "it asks for no login", "basic-auth"),
        ("/version", Response("<html>", 200), "broken", "does not tell its version", "MLFLOW_TRACKING_URI"),
        ("/version", Response("2.22.1"), "broken", "but the client is", "the client's version"),
        ("/version", Response("3.9.0"), "note", "and the client is", "when you can"),
    ],
)
def test_each_failure_has_its_remedy(
    server: Server, pretended: Pretended, path: str, answer: Response, status: str, said: str, remedy: str
) -> None:
    """A server that is down, wants a login or another name, or is another than the client expects."""
    pretended.answers[path] = answer
    found = seen(lambda: tracking(server))
    assert found.status == status
    assert said in found.said
    assert remedy in found.remedy


def test_a_wrong_password_is_told_with_the_name_and_without_itself(
    server: Server, pretended: Pretended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name tells which of several logins it was."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ruth")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "not-to-be-shown")
    pretended.answers[CURRENT] = Response("no", 401)
    found = seen(lambda: tracking(server))
    assert (found.status, found.said) == ("broken", f"{server.address} does not take the login of ruth")
    assert "not-to-be-shown" not in found.told


def test_nobody_listening_is_said_so_and_no_login_in_the_address_is_repeated() -> None:
    """The library's own message has the whole address."""
    port = free_port()
    found = seen(lambda: tracking(Server(f"http://ruth:not-to-be-shown@127.0.0.1:{port}", Clocks())))
    assert found.said == f"http://127.0.0.1:{port} refuses the connection"
    assert found.remedy == "start it, or look at the port of the address"


def test_a_name_that_nobody_knows_is_told_from_a_server_that_is_down() -> None:
    """The remedy is another one."""
    found = seen(lambda: tracking(Server("http://mlflow.invalid", Clocks())))
    assert re.search(r"name that cannot be resolved$", found.said)


def test_the_gated_store_is_known_by_what_it_says_of_a_model(server: Server, pretended: Pretended) -> None:
    """A model of ours has the tag there, and nowhere else."""
    pretended.answers[MODEL] = registered(GATED_TAG)
    found = seen(lambda: registry(server))
    assert (found.status, found.said[:18]) == ("ok", "keeps the gates of")
    pretended.answers[MODEL] = registered("team")
    found = seen(lambda: registry(server))
    assert found.status == "broken"
    assert "into Production past every gate" in found.said
    assert "dts+postgresql://" in found.remedy


def test_a_registry_without_a_model_of_ours_does_not_show_it(server: Server) -> None:
    """Saying ok would be a guess."""
    found = seen(lambda: registry(server))
    assert (found.status, found.remedy) == ("note", "look again after the first training")


def test_a_login_that_may_not_read_is_told(server: Server, pretended: Pretended) -> None:
    """Whoever has no permission would otherwise be told that nothing is registered."""
    pretended.answers[MODEL] = Response("Permission denied", 403)
    found = seen(lambda: registry(server))
    assert found.status == "broken"
    assert "may not read days-to-sell" in found.said
    assert "permission READ" in found.remedy


def test_a_database_in_the_place_of_the_registry_passes_every_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it was named on purpose, that is a fault; its password is not shown."""
    address = "postgresql://mlflow:not-to-be-shown@db/mlflow"
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", address)
    found = seen(lambda: registry(Server(address, Clocks())))
    assert (found.status, found.said) == ("broken", "postgresql://db/mlflow is opened past every gate")


def test_a_server_that_takes_too_long_is_left_alone(server: Server, pretended: Pretended) -> None:
    """Each question has seconds, not the minutes of MLflow's client."""

    waiting = threading.Event()

    def later(request: Request) -> Response:
        waiting.wait(10)
        return Response("OK")

    pretended.answers["/health"] = later
    try:
        with pytest.raises(Broken, match="does not answer within 1 s"):
            server.ask("/health", seconds=1)
    finally:
        waiting.set()
