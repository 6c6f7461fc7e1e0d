"""Artifacts: whether they can be listed where an experiment keeps them and, when asked, written and read."""

from __future__ import annotations

import os
import uuid
from typing import Any

import requests

from days_to_sell.cli.doctor import s3
from days_to_sell.cli.doctor.finding import Broken, Note
from days_to_sell.cli.doctor.server import API, Server

PROXIED = "mlflow-artifacts:"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
# The server may itself wait for S3.
SECONDS = 10
SERVERS_OWN = "look at the server's log, its artifacts destination, and its keys and endpoint of S3"


def artifacts(server: Server, write: bool) -> str:
    """Look whether artifacts can be listed; write, read and remove one where that is asked for."""
    if not server.remote:
        raise Note("not configured: artifacts go to a folder of this machine")
    experiment = _experiment(server)
    number, place = str(experiment["experiment_id"]), str(experiment["artifact_location"])
    where = f"experiment {experiment['name']!r}"
    if place.startswith("s3:"):
        s3.list_location(place, s3.mlflow_endpoint(), server.clocks)
        return f"{where} keeps them at {place}, which this machine lists itself"
    if not place.startswith(PROXIED):
        raise Note(f"{where} keeps them at {place}, which is not looked at")
    listed = server.ask(FILES, query={"path": number}, seconds=SECONDS)
    _require(listed, f"the artifacts of {where} cannot be listed")
    if not write:
        return f"the server lists those of {where}; --write tries to write one"
    return _probe(server, f"{FILES}/{number}/days-to-sell-doctor-{uuid.uuid4().hex}/probe.txt", where)


def _experiment(server: Server) -> dict[str, Any]:
    """Give the experiment that runs of this environment go to, else the first that the login sees."""
    asked: tuple[str, dict[str, str]] = ("experiments/search", {"max_results": "1"})
    for variable, path, key in (
        ("MLFLOW_EXPERIMENT_ID", "experiments/get", "experiment_id"),
        ("MLFLOW_EXPERIMENT_NAME", "experiments/get-by-name", "experiment_name"),
    ):
        if os.environ.get(variable):
            asked = path, {key: os.environ[variable]}
    answer = server.ask(f"{API}/{asked[0]}", query=asked[1])
    if answer.status_code == requests.codes.not_found:
        raise Note(f"{next(iter(asked[1].values()))!r} is no experiment yet, so there is nothing to list")
    _require(answer, "experiments cannot be listed")
    told = answer.json()
    found = [told["experiment"]] if "experiment" in told else told.get("experiments", [])
    if not found:
        raise Note("the login sees no experiment", "look again after the first run")
    return dict(found[0])


def _probe(server: Server, path: str, where: str) -> str:
    content = uuid.uuid4().hex.encode()
    _require(server.ask(path, "PUT", data=content, seconds=SECONDS), f"no artifact can be written to {where}")
    read = server.ask(path, seconds=SECONDS)
    _require(read, f"an artifact that was written to {where} cannot be read")
    if read.content != content:
        raise Broken(f"an artifact of {where} is read as something else than was written", SERVERS_OWN)
    removed = server.ask(path, "DELETE", seconds=SECONDS)
    if not removed.ok:
        raise Note(
            f"written to {where} and read; the login may not remove it again",
            f"have somebody with MANAGE remove {path.removeprefix(FILES + '/')}",
        )
    return f"written to {where}, read and removed again"


def _require(answer: requests.Response, what: str) -> None:
    if answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
        raise Broken(
            f"{what}: the login may not",
            "ask the server's administrator for the permission, or use another experiment",
        )
    if not answer.ok:
        raise Broken(f"{what}: the server answers {answer.status_code}", SERVERS_OWN)
