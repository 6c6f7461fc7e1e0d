"""``release --watch`` and ``rollback`` as programs over a real MLflow server: promoted, killed, undone."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from mlflow.webhooks.delivery import _generate_hmac_signature

from days_to_sell.registry.events.event import Kind
from days_to_sell.release.watching.webhook import DELIVERY, SIGNATURE, TIMESTAMP
from stack.ports import free_port
from tests.integration.watched import SECONDS, Place
from tests.mlflow_servers import GatedServer

pytestmark = [pytest.mark.parts, pytest.mark.timeout(300)]
GATED, FREE = "days-to-sell", "tiny-model"
SECRET, NEVER = "a secret of tests", ("--every", "3600")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatedServer]:
    """A server with our store, which may deliver webhooks to this machine."""
    home = tmp_path_factory.mktemp("server")
    variables = {
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        # It would not know of a new webhook for a minute.
        "MLFLOW_WEBHOOK_CACHE_TTL": "1",
    }
    artifacts = ["--artifacts-destination", str(home / "artifacts")]
    server = GatedServer(home, f"sqlite:///{home / 'mlflow.db'}", artifacts, variables)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def place(server: GatedServer, tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Give places for a model; all that is started there ends with the test."""
    made = []

    def make(model: str) -> Place:
        made.append(Place(server, model, tmp_path))
        if not made[0].client.search_registered_models(f"name = '{model}'"):
            made[0].client.create_registered_model(model)
        return made[-1]

    yield make
    for each in made:
        each.clear()


def test_what_is_promoted_is_served_at_once_and_comes_back(place: Callable[[str], Place]) -> None:
    """By stage, by alias, after the server was killed, and undone: it would look by itself in an hour."""
    here = place(GATED)
    first, second, third = here.register(3)
    daemon = here.watch(*NEVER)
    here.until(lambda: "nothing is in Production" in here.said(0))
    here.stage(first)
    here.until(lambda: here.released(first))
    here.alias(second)
    here.until(lambda: here.released(second))

    here.server.stop(signal.SIGKILL)
    assert here.serving() == second
    here.server.start()
    here.stage(third)
    here.until(lambda: here.released(third))

    began = time.monotonic()
    back = here.run("rollback", GATED, "--reason", "prices of vans are wrong", *here.options)
    took = time.monotonic() - began
    assert back.returncode == 0, back.stdout + back.stderr
    assert here.serving() == second
    (event,) = here.events(Kind.ROLLED_BACK)
    assert (event.body["from"], event.body["to"], event.body["reason"]) == (
        third,
        second,
        "prices of vans are wrong",
    )
    print(f"rolled back in {event.body['seconds']:.2f} s, {took:.2f} s with the program's own start")
    assert here.client.get_model_version_by_alias(GATED, "production").version == second

    daemon.terminate()
    assert daemon.wait(timeout=SECONDS) == 0
    assert here.said(0).rstrip().endswith("ended")
    assert here.serving() == second
    assert here.log.verify(GATED) == []
    status = json.loads(here.run("release", "status", GATED, "--json", *here.options[-2:]).stdout)
    assert [each["state"] for each in status["steps"] if each["step"] == "release"] == ["rolled back"]


def test_one_daemon_acts_and_another_takes_over_what_it_left(place: Callable[[str], Place]) -> None:
    """Asleep in mid-release and woken when it is over; the other killed with -9 as its candidate serves."""
    here = place(FREE)
    first, second = here.register(2)
    sleeper = here.watch("--every", "1", at="ReplayArtifact", signal="SIGSTOP")
    here.until(lambda: "at work" in here.said(0))
    killed = here.watch("--every", "1", at="Verify", signal="SIGKILL")
    here.until(lambda: "standing by, waiting: " in here.said(1))
    assert "at work" not in here.said(1)

    here.alias(first)
    # The second one finds the first's rows, goes on, and dies when the version serves and is not yet proven.
    assert killed.wait(timeout=SECONDS) == -signal.SIGKILL
    assert here.serving() == first
    assert here.events(Kind.RELEASED, first) == []
    assert f"version {first}: package started" not in here.said(1)

    os.kill(sleeper.pid, signal.SIGCONT)
    here.until(lambda: "no longer holds the lease" in here.said(0))
    here.until(lambda: here.released(first))
    steps = here.events(Kind.STEP, first)
    assert len({row.body["release"] for row in steps}) == 1
    done = [row.body["step"] for row in steps if row.body["state"] == "done"]
    assert done.count("package") == done.count("preprod") == done.count("production") == 1

    here.alias(second)
    here.until(lambda: here.released(second))
    assert here.log.verify(FREE) == []


def test_mlflows_webhook_makes_the_daemon_look_now(place: Callable[[str], Place]) -> None:
    """Delivered by MLflow itself for a model that the log knows nothing of; a forged hint changes nothing."""
    here, port = place(FREE), free_port()
    (version,) = here.register(1)
    url, secret = f"http://127.0.0.1:{port}", here.folder / "secret"
    secret.write_text(f"{SECRET}\n", encoding="ascii")
    webhook = here.client.create_webhook("hint", url, ["model_version_alias.created"], secret=SECRET)
    here.watch(*NEVER, "--webhook-port", str(port), "--webhook-secret", str(secret))
    here.until(lambda: "serves at" in here.said(0) or "nothing is in Production" in here.said(0))

    def deliver(key: str) -> int:
        body, at = json.dumps({"data": {"name": FREE}}), str(int(time.time()))
        headers = {DELIVERY: "d", TIMESTAMP: at, SIGNATURE: _generate_hmac_signature(key, "d", at, body)}
        return requests.post(url, data=body, headers=headers, timeout=10).status_code

    assert deliver("another secret") == 401
    here.alias(version)
    here.until(lambda: here.released(version))
    assert (deliver(SECRET), deliver(SECRET)) == (200, 409)
    here.client.delete_webhook(webhook.webhook_id)
