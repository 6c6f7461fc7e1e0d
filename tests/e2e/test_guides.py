"""The guides by role, pasted command for command: what they show is what is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from days_to_sell.registry.events.event import Kind, NewEvent
from days_to_sell.registry.gates.door import spec_of
from days_to_sell.spec.gates import declared
from tests.guides import Step, follow
from tests.integration.watched import Place
from tests.mlflow_servers import GatedServer
from tests.registered import EXAMINER, log_package, register

pytestmark = pytest.mark.parts

MODEL = "days-to-sell"
TOOLKIT = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def hold(seen: list[tuple[Step, str]]) -> None:
    """Hold everything that was printed against everything that is shown."""
    wrong = [
        f"{step.commands}does not show {missing}; it printed:\n{output}"
        for step, output in seen
        if (missing := step.unmatched(output))
    ]
    assert not wrong, "\n\n".join(wrong)
    assert all(step.shown for step, _ in seen if not step.commands.startswith("export "))


@pytest.fixture
def managed(tmp_path: Path) -> Iterator[Place]:
    """The model with version 1 in Production, a better version 2 and a version 3 that is worse than 1."""
    server = GatedServer(
        tmp_path / "mlflow",
        f"sqlite:///{tmp_path / 'mlflow.db'}",
        ["--artifacts-destination", str(tmp_path / "artifacts")],
        {"DAYS_TO_SELL_OVERRIDE_USERS": "ruth"},
    )
    server.start()
    place = Place(server, MODEL, tmp_path)
    try:
        place.client.create_registered_model(MODEL)
        experiment = place.client.create_experiment(MODEL)
        digests = {}
        for number in range(3):
            source, package = log_package(
                place.client,
                tmp_path / f"made{number}",
                model=MODEL,
                experiment=experiment,
                intercept=10.0 + number,
            )
            digests[register(place.client, MODEL, source)] = package.digest
        for version in digests:
            judge(place, version, digests[version], None)
        for version in ("2", "3"):
            judge(
                place,
                version,
                digests[version],
                {"version": "1", "digest": digests["1"]},
                worse=version == "3",
            )
        place.stage("1")
        released = place.run("release", MODEL, *place.options)
        assert released.returncode == 0, released.stderr
        yield place
    finally:
        place.clear()
        server.stop()


def judge(place: Place, version: str, digest: str, incumbent: object, *, worse: bool = False) -> None:
    """Write to the log what the gates found, as evaluating them does."""
    spec = spec_of(MODEL)
    assert spec is not None
    results = [
        {
            "gate": gate.name,
            "declared": declared(gate),
            "passed": not (worse and gate.name == "not-worse"),
            "reason": "days: mean absolute error 1.9 worse, at most 0.4 is chance" if worse else "",
        }
        for gate in spec.gates
    ]
    body = {"results": results, "incumbent": incumbent}
    place.log.append(NewEvent(MODEL, Kind.GATES, EXAMINER, version, digest, body))


def test_a_release_manager_is_shown_what_happens(managed: Place) -> None:
    """Look, promote, be refused, release, go back, read the history, override."""
    instead = {
        "http://127.0.0.1:5000": managed.server.url,
        "8080": str(managed.port),
        "8081": str(managed.preprod_port),
    }
    hold(
        follow(
            "release-manager",
            managed.folder,
            {**managed.environment, "PATH": TOOLKIT, "USER": "ruth"},
            instead,
        )
    )


def test_a_data_scientist_is_shown_what_happens(tmp_path: Path) -> None:
    """From no data to a version, what it answers, and what its gates say."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DAYS_TO_SELL_"))
    }
    hold(follow("data-scientist", tmp_path, {**environment, "PATH": TOOLKIT}, {}))
