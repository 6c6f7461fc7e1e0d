"""What opens no gate of a real MLflow server: forged tags, artifacts and results for something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from days_to_sell.registry.events.event import Kind, NewEvent
from days_to_sell.registry.gates.door import spec_of
from days_to_sell.spec.gates import declared
from tests.integration.gated_registry import MODEL, Registered, prepare
from tests.mlflow_servers import GatedServer
from tests.registered import EXAMINER

pytestmark = [pytest.mark.parts, pytest.mark.filterwarnings("ignore::FutureWarning")]

SPEC = spec_of(MODEL)
OTHER = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """A model of ours in a server without logins."""
    home = tmp_path_factory.mktemp("hold")
    server = GatedServer(
        home, f"sqlite:///{home / 'mlflow.db'}", ["--artifacts-destination", str(home / "artifacts")]
    )
    server.start()
    try:
        yield prepare(server)
    finally:
        server.stop()


@pytest.fixture
def shut(registered: Registered) -> str:
    """A version that was never evaluated, while Production is empty."""
    registered.withdraw()
    (version,) = registered.versions(1, gates_open=False)
    return version


def all_green(**changes: Any) -> list[dict[str, Any]]:
    """Results as an evaluation writes them, every one green."""
    assert SPEC is not None
    return [{"gate": gate.name, "declared": declared(gate), "passed": True} | changes for gate in SPEC.gates]


def write(
    registered: Registered,
    version: str,
    digest: str,
    incumbent: Mapping[str, str] | None = None,
    **changes: Any,
) -> None:
    """Write the results of an evaluation to the log."""
    body = {"results": all_green(**changes), "incumbent": incumbent}
    registered.log.append(NewEvent(MODEL, Kind.GATES, EXAMINER, version, digest, body))


def refused(registered: Registered, version: str) -> str:
    """Ask for Production, hold that nothing moved, and give the reasons."""
    before, start = registered.state(), registered.now()
    answer = registered.promote(version)
    assert answer.status_code == 409, answer.text
    assert f"days-to-sell gates {MODEL} {version}" in answer.json()["message"]
    assert registered.state() == before
    assert [event.kind for event in registered.events(start)] == [Kind.REFUSED]
    return str(answer.json()["message"])


def test_forged_tags_open_nothing(registered: Registered, shut: str) -> None:
    """Those of an evaluation, and that of an override."""
    assert SPEC is not None
    client = MlflowClient(registered.server.url)
    names = ["gates.status", *(f"gates.{gate.name}" for gate in SPEC.gates)]
    for name in names:
        client.set_model_version_tag(MODEL, shut, name, "green")
    client.set_model_version_tag(MODEL, shut, "release.override", "because (ruth, verified)")
    assert "gate integrity was never evaluated" in refused(registered, shut)


def test_an_artifact_that_says_green_opens_nothing(registered: Registered, shut: str, tmp_path: Path) -> None:
    """Beside the package in the logged model, where anybody may put a file."""
    (tmp_path / "gates.json").write_text('{"green": true}', encoding="utf-8")
    logged = registered.source.removeprefix("models:/")
    registered.client.log_model_artifact(logged, str(tmp_path / "gates.json"))
    assert "gate integrity was never evaluated" in refused(registered, shut)


def test_results_of_other_bytes_open_nothing(registered: Registered, shut: str) -> None:
    """Nor do those of the same bytes for another version."""
    write(registered, shut, OTHER)
    assert "never evaluated for these bytes" in refused(registered, shut)


def test_results_of_a_milder_gate_open_nothing(registered: Registered, shut: str) -> None:
    """The spec became stricter since."""
    write(registered, shut, registered.digest, declared={"most": 1e9})
    assert "was not evaluated since the gate changed" in refused(registered, shut)


def test_a_newer_red_result_shuts_what_was_open(registered: Registered, shut: str) -> None:
    """The newest counts."""
    write(registered, shut, registered.digest)
    write(registered, shut, registered.digest, passed=False, reason="too slow")
    assert "gate cost is red: too slow" in refused(registered, shut)


def test_what_is_recorded_for_its_own_bytes_opens(registered: Registered, shut: str) -> None:
    """So it is not for another reason that the others are refused."""
    write(registered, shut, registered.digest)
    assert registered.promote(shut).status_code == 200
    assert registered.state() == ((shut,), {"production": shut})


def test_results_against_another_incumbent_open_nothing(registered: Registered, shut: str) -> None:
    """Absolute gates hold; those that compare ask for an evaluation against who is there now."""
    write(registered, shut, registered.digest)
    assert registered.promote(shut).status_code == 200
    other = registered.other_version()
    write(registered, *other, {"version": "999", "digest": OTHER})
    told = refused(registered, other[0])
    assert f"gate not-worse is to be evaluated against version {shut}" in told
    assert "gate size" not in told
    write(registered, *other, {"version": shut, "digest": registered.digest})
    assert registered.promote(other[0]).status_code == 200
