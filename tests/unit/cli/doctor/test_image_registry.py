"""The image registry: the login of `docker login`, token services, and whether a push may begin."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Finding
from days_to_sell.cli.doctor.image_registry import image_registry
from days_to_sell.settings import Settings
from stack.ports import free_port
from tests.unit.cli.doctor.conftest import Pretended, seen

UPLOADS = "/v2/team/days-to-sell-doctor/blobs/uploads/"


def looked(registry: str, write: bool = False) -> Finding:
    """What is found of a registry."""
    return seen(lambda: image_registry(Settings(image_registry=registry), write, Clocks()))


def log_in(folder: Path, host: str, word: str = "right") -> None:
    """Keep a login as `docker login` does."""
    auth = base64.b64encode(f"ruth:{word}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


def basic(request: Request) -> Response:
    """Let ruth in, by her password."""
    given = request.authorization
    if given is not None and (given.username, given.password) == ("ruth", "right"):
        return Response("{}")
    return Response("{}", 401, {"WWW-Authenticate": 'Basic realm="tests"'})


def test_without_a_registry_images_stay_in_the_engine() -> None:
    """Which is no fault."""
    assert looked("").said.startswith("not configured: images stay in the engine")
    assert looked("docker.io/team").said == "docker.io is asked by engines alone"


def test_a_registry_for_everybody_answers(pretended: Pretended) -> None:
    """Nothing is pushed unless that is asked for."""
    pretended.answers["/v2/"] = Response("{}")
    found = looked(f"{pretended.host}/team")
    assert (found.status, found.said) == ("ok", f"{pretended.host} answers; --write tries to begin a push")
    assert pretended.asked == [("GET", "/v2/")]


def test_a_push_is_begun_and_given_up(pretended: Pretended) -> None:
    """The upload that was opened is the one that is closed."""
    place = f"{UPLOADS}1?state=x"
    pretended.answers = {
        "/v2/": Response("{}"),
        f"POST {UPLOADS}": Response("", 202, {"Location": place}),
        f"DELETE {UPLOADS}1": Response("", 204),
    }
    found = looked(f"{pretended.host}/team", write=True)
    assert (found.status, found.said) == ("ok", f"{pretended.host} answers, and takes a push to team")
    assert pretended.asked[1:] == [("POST", UPLOADS), ("DELETE", f"{UPLOADS}1")]
    pretended.answers[f"POST {UPLOADS}"] = Response("{}", 403)
    refused = looked(f"{pretended.host}/team", write=True)
    assert refused.status == "broken"
    assert "takes no push to team/days-to-sell-doctor: it answers 403" in refused.said
    assert "allowed to push" in refused.remedy


def test_a_login_is_wanted_wrong_or_right(pretended: Pretended, tmp_path: Path) -> None:
    """Each with the same command as remedy, and never with the password."""
    pretended.answers["/v2/"] = basic
    none = looked(f"{pretended.host}/team")
    assert (none.status, none.remedy) == ("broken", f"run docker login {pretended.host}")
    assert none.said.endswith("asks for a login, and none is kept")
    log_in(tmp_path, pretended.host, "not-to-be-shown")
    wrong = looked(f"{pretended.host}/team")
    assert wrong.said == f"{pretended.host} does not take the login of ruth"
    assert "not-to-be-shown" not in wrong.told
    log_in(tmp_path, pretended.host)
    assert looked(f"{pretended.host}/team").said.startswith(f"{pretended.host} answers, logged in as ruth")


def test_a_token_service_is_asked_for_the_right_to_push(pretended: Pretended, tmp_path: Path) -> None:
    """As the registries of the clouds want it."""
    asked: list[str] = []

    def token(request: Request) -> Response:
        asked.append(request.args["scope"])
        return Response('{"token": "t"}') if basic(request).status_code == 200 else Response("", 401)

    def enter(request: Request) -> Response:
        if request.headers.get("Authorization") == "Bearer t":
            return Response("{}")
        realm = f'Bearer realm="{pretended.url}/token",service="registry"'
        return Response("{}", 401, {"WWW-Authenticate": realm})

    pretended.answers = {"/v2/": enter, "/token": token}
    log_in(tmp_path, pretended.host)
    assert looked(f"{pretended.host}/team").status == "ok"
    assert asked == ["repository:team/days-to-sell-doctor:pull,push"]
    log_in(tmp_path, pretended.host, "wrong")
    assert looked(f"{pretended.host}/team").said.endswith("does not take the login of ruth")


@pytest.mark.parametrize(
    ("registry", "said", "remedy"),
    [
        ("127.0.0.1:{unused}/team", "refuses the connection", "start it"),
        ("ruth:not-to-be-shown@registry.example/team", "holds a user name", "docker login"),
        ("team", "names no host", "registry.example:5000"),
    ],
)
def test_what_is_no_registry_is_told(registry: str, said: str, remedy: str) -> None:
    """Nobody there, or an address that is none."""
    found = looked(registry.format(unused=free_port()))
    assert found.status == "broken"
    assert said in found.said
    assert remedy in found.remedy
    assert "not-to-be-shown" not in found.told


def test_something_else_than_a_registry_is_told(pretended: Pretended) -> None:
    """It answers, but not there."""
    found = looked(f"{pretended.host}/team")
    assert (found.status, found.said) == ("broken", f"{pretended.host} answers GET /v2/ with 404")
