"""The addresses beside scoring: probes, version and request ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from tests.packages import make_package, rewrite, rewrite_bundle


def test_a_proven_model_is_ready(client: FlaskClient) -> None:
    """``/readyz`` says how many golden rows the model answered as Spark did."""
    reply = client.get("/readyz")

    assert reply.status_code == 200
    assert reply.get_json()["status"] == "ready"
    assert reply.get_json()["golden"]["rows"] == 1
    assert reply.get_json()["golden"]["max_rel_error"] <= 1e-9


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_mlflow_s_probes_answer_a_blank_line(client: FlaskClient, path: str) -> None:
    """Whatever probes MLflow's own server can probe this one."""
    reply = client.get(path)

    assert (reply.status_code, reply.data, reply.mimetype) == (200, b"\n", "application/json")


def test_version_says_what_answers(client: FlaskClient, package: ModelPackage) -> None:
    """Model, version, digest, environment and run are told to whoever compares them with the registry."""
    assert client.get("/version").get_json() == {
        "model": "tiny-model",
        "version": "7",
        "digest": package.digest,
        "environment": "preprod",
        "run_id": "a1b2c3",
        "engine": "python",
    }


@pytest.mark.parametrize("damage", ["golden answer", "number in the bundle", "no golden rows"])
def test_a_model_that_fails_its_self_test_lives_but_scores_nothing(tmp_path: Path, damage: str) -> None:
    """A model that does not give Spark's answers is never ready, says why, and gives no other answer."""
    package = make_package(tmp_path / "package")
    if damage == "golden answer":
        package = rewrite(
            package.root, "golden.jsonl", lambda text: text.replace('"days": 3', '"days": 9', 1)
        )
    elif damage == "number in the bundle":
        package = rewrite_bundle(package.root, lambda text: text.replace("30.0", "30.1"))
    else:
        package = rewrite(package.root, "golden.jsonl", lambda text: "")
    client = create_app(package, Settings()).test_client()

    reply = client.get("/readyz")

    assert reply.status_code == 503
    assert reply.content_type == "application/problem+json"
    assert "golden rows" in reply.get_json()["detail"]
    for path in ("/ping", "/health"):
        assert client.get(path).status_code == 503
    assert client.post("/invocations", json={"instances": [{}]}).status_code == 503
    assert client.get("/livez").status_code == 200
    assert client.get("/version").get_json()["digest"] == package.digest


@pytest.mark.parametrize("path", ["/readyz", "/nowhere", "/invocations"])
def test_a_sane_request_id_is_kept(client: FlaskClient, path: str) -> None:
    """The caller's id returns on every reply, errors included."""
    reply = client.get(path, headers={"X-Request-ID": "order-17/retry:2"})

    assert reply.headers["X-Request-ID"] == "order-17/retry:2"


@pytest.mark.parametrize("offered", ["", "a b", "<script>", "x" * 129, "é", '"', "-leading"])
def test_an_unsafe_request_id_is_replaced(client: FlaskClient, offered: str) -> None:
    """What could harm a log or a header is not repeated; each request gets an id of its own."""
    replies = [client.get("/livez", headers={"X-Request-ID": offered}) for _ in range(2)]

    ids = {reply.headers["X-Request-ID"] for reply in replies}
    assert len(ids) == 2
    assert offered not in ids
    assert all(len(made) == 32 for made in ids)
