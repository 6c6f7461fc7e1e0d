"""Artifacts, disk and ports, and all looks at once."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections import namedtuple
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from days_to_sell.cli.doctor import examination, space
from days_to_sell.cli.doctor.artifacts import FILES, artifacts
from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Finding
from days_to_sell.cli.doctor.server import API, Server
from days_to_sell.settings import Settings
from tests.unit.cli.doctor.conftest import Answer, Pretended, seen

SEARCH = f"{API}/experiments/search"
PROXIED = {"experiment_id": "7", "name": "cars", "artifact_location": "mlflow-artifacts:/7"}


@pytest.fixture
def server(pretended: Pretended) -> Server:
    """One whose first experiment is of cars, and that keeps what is put."""
    pretended.answers = {SEARCH: Response(json.dumps({"experiments": [PROXIED]})), FILES: Response("{}")}
    return Server(pretended.url, Clocks())


class Files:
    """What a server answers below its artifacts; a verb can be made to fail."""

    def __init__(self, pretended: Pretended, **failing: int) -> None:
        self.kept: dict[str, bytes] = {}
        self.failing = failing
        fallback = pretended.answers

        class Answers(dict[str, Answer]):
            def get(inner, key: str, default: object = None) -> object:  # type: ignore[override]  # noqa: N805
                return self if f" {FILES}/7/" in key else fallback.get(key, default)  # type: ignore[arg-type]

        pretended.answers = Answers()

    def __call__(self, request: Request) -> Response:
        """Put, give and remove."""
        if request.method in self.failing:
            return Response("{}", self.failing[request.method])
        if request.method == "PUT":
            self.kept[request.path] = request.get_data()
            return Response("{}")
        if request.method == "DELETE":
            del self.kept[request.path]
            return Response("{}")
        return Response(self.kept[request.path])


def test_artifacts_are_listed_and_written_only_when_asked_for(server: Server, pretended: Pretended) -> None:
    """What is written is read, and removed again."""
    assert (
        seen(lambda: artifacts(server, False)).said
        == "the server lists those of experiment 'cars'; --write tries to write one"
    )
    assert all(verb == "GET" for verb, _ in pretended.asked)
    files = Files(pretended)
    assert (
        seen(lambda: artifacts(server, True)).said == "written to experiment 'cars', read and removed again"
    )
    assert files.kept == {}


@pytest.mark.parametrize(
    ("verb", "code", "status", "said", "remedy"),
    [
        (
            "PUT",
            403,
            "broken",
            "no artifact can be written to experiment 'cars': the login may not",
            "permission",
        ),
        (
            "PUT",
            500,
            "broken",
            "no artifact can be written to experiment 'cars': the server answers 500",
            "S3",
        ),
        ("GET", 500, "broken", "cannot be read: the server answers 500", "artifacts destination"),
        ("DELETE", 403, "note", "the login may not remove it again", "MANAGE remove 7/days-to-sell-doctor-"),
    ],
)
def test_each_step_of_the_probe_can_fail(
    server: Server, pretended: Pretended, verb: str, code: int, status: str, said: str, remedy: str
) -> None:
    """And what is left behind is named."""
    Files(pretended, **{verb: code})
    found = seen(lambda: artifacts(server, True))
    assert found.status == status
    assert said in found.said
    assert remedy in found.remedy


def test_a_server_that_cannot_list_its_artifacts_is_told(server: Server, pretended: Pretended) -> None:
    """It answers by itself; what stands behind it does not."""
    pretended.answers[FILES] = Response("{}", 500)
    found = seen(lambda: artifacts(server, False))
    assert (found.status, found.said) == (
        "broken",
        "the artifacts of experiment 'cars' cannot be listed: the server answers 500",
    )


def test_the_experiment_of_the_environment_is_the_one_looked_at(
    server: Server, pretended: Pretended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is not there yet has no artifacts."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "vans")
    found = seen(lambda: artifacts(server, False))
    assert (found.status, found.said) == ("note", "'vans' is no experiment yet, so there is nothing to list")
    vans = PROXIED | {"name": "vans"}
    pretended.answers[f"{API}/experiments/get-by-name"] = Response(json.dumps({"experiment": vans}))
    assert "of experiment 'vans'" in seen(lambda: artifacts(server, False)).said


@pytest.mark.parametrize(("free", "status"), [(50e9, "ok"), (3e9, "note"), (0.5e9, "broken")])
def test_a_disk_that_gets_full_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: float, status: str
) -> None:
    """Of folders that are not there yet, the one that they will be in is looked at."""
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free))
    settings = Settings(cache_dir=tmp_path / "not" / "there")
    found = seen(lambda: space.disk(settings, tmp_path / "release"))
    assert found.status == status
    assert f"{free / 1e9:.1f} GB free at {settings.cache_dir}" in found.said


def test_a_port_that_is_taken_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may well be the service itself."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        monkeypatch.setattr(space, "PORTS", {port: "production"})
        found = seen(lambda: space.ports(Settings()))
    assert (found.status, found.said) == ("note", f"in use: {port} (production)")
    wrong = seen(lambda: space.ports(Settings(host="192.0.2.1")))
    assert (wrong.status, wrong.remedy) == ("broken", "set DAYS_TO_SELL_HOST to an address of this machine")


def test_a_look_that_hangs_costs_the_others_nothing() -> None:
    """All begin at once, and the end of their time is the same."""
    waiting = threading.Event()

    def hang() -> Finding:
        waiting.wait(60)
        return Finding("late", "ok", "at last")

    def fail() -> str:
        raise RuntimeError("not-to-be-shown")

    looks = {"late": hang, "quick": lambda: Finding("quick", "ok", "there"), "odd": lambda: seen(fail)}
    found = examination._side_by_side(looks, 1)
    waiting.set()
    assert [(each.subject, each.status) for each in found][:2] == [("late", "broken"), ("quick", "ok")]
    assert found[0].said == "nothing was found out within 1 s"
    assert found[2].told == "cannot be looked at: RuntimeError; that is a fault of the doctor: report it"
