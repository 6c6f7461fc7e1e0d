"""``days-to-sell release`` and its exit codes, its status, and what is refused before anything is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from days_to_sell.cli.reconciling import code_of
from days_to_sell.errors import (
    EventLogError,
    GateError,
    LeaseError,
    PackageError,
    ProofError,
    PublishError,
    RegistryError,
    ReleaseError,
    SignatureError,
    TargetError,
)
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.place import place_of
from tests.unit.cli.conftest import Call

RELEASE = Actor("release@here")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EventLog:
    """The log that the environment names."""
    address = f"sqlite:///{tmp_path / 'events.db'}"
    monkeypatch.setenv("DAYS_TO_SELL_EVENT_LOG", address)
    return EventLog.open(address)


@pytest.fixture
def workspace(log: EventLog, tmp_path: Path) -> Path:
    """A place where version 7 was released, and version 8 fails at its image."""
    workspace = tmp_path / "work"
    place = place_of(workspace)

    def write(kind: Kind, version: str, **body: object) -> None:
        whole = {"release": f"of-{version}", "place": place, **body}
        log.append(NewEvent("cars", kind, RELEASE, version, f"sha256:{version}", whole))

    write(Kind.STEP, "7", step="package", state="done", seconds=1.25)
    write(Kind.RELEASED, "7", url="http://127.0.0.1:8080")
    write(Kind.STEP, "8", step="package", state="done", seconds=0.5)
    write(Kind.STEP, "8", step="image", state="started")
    write(Kind.STEP, "8", step="image", state="failed", seconds=2.0, reason="no engine\nat all")
    return workspace


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GateError("red"), 1),
        (ProofError("differs"), 1),
        (PackageError("damaged"), 1),
        (SignatureError("unsigned"), 1),
        (ReleaseError("nothing is in Production"), 1),
        (LeaseError("another"), 3),
        (RegistryError("down"), 4),
        (EventLogError("down"), 4),
        (TargetError("down"), 4),
        (PublishError("down"), 4),
    ],
)
def test_the_exit_code_tells_what_to_do(error: Exception, code: int) -> None:
    """1: look at the version; 3: wait for the holder; 4: mend what is down, and run again."""
    assert code_of(error) == code


def test_the_status_is_that_of_the_newest_release(call: Call, workspace: Path) -> None:
    """Step by step, each as it was written last, with the first line of a reason."""
    told = call("release", "status", "--workspace", workspace)
    rows = [line.split() for line in told.out.splitlines()]
    assert [row[:4] for row in rows[1:3]] == [
        ["cars", "8", "package", "done"],
        ["cars", "8", "image", "failed"],
    ]
    assert rows[2][-3:] == ["2.0", "no", "engine"]
    assert told.out.splitlines()[-1] == f"daemon: none at work from {workspace}"


def test_the_status_as_json_names_the_daemon_too(call: Call, workspace: Path, log: EventLog) -> None:
    """For programs: what the table says, with whole reasons."""
    log.leases.acquire(f"watch {place_of(workspace)}", "ann@here", 60)
    told = json.loads(call("release", "status", "cars", "--json", "--workspace", workspace).out)
    assert told["daemon"] == "ann@here"
    assert [(step["step"], step["state"], step["seconds"]) for step in told["steps"]] == [
        ("package", "done", 0.5),
        ("image", "failed", 2.0),
    ]
    assert told["steps"][1]["reason"] == "no engine\nat all"


def test_the_status_shows_by_what_red_gates_were_overridden(
    call: Call, workspace: Path, log: EventLog
) -> None:
    """Once for the version, with who, why and where; neither for other bytes nor after it left Production."""
    ruth = Actor("ruth", verified=True)

    def override(digest: str, reason: str) -> int:
        return log.append(NewEvent("cars", Kind.OVERRIDE, ruth, "8", digest, {"reason": reason})).number

    override("sha256:forged", "other bytes")
    number = override("sha256:8", "prices are wrong without it\nticket 81")
    said = f"prices are wrong without it (ruth, verified; event {number})"
    told = call("release", "status", "--workspace", workspace).out
    assert f"cars version 8: red gates were overridden: {said}" in told.splitlines()
    assert told.count("overridden") == 1
    steps = json.loads(call("release", "status", "--json", "--workspace", workspace).out)["steps"]
    assert {step["override"] for step in steps} == {said}

    log.append(NewEvent("cars", Kind.PROMOTED, ruth, "9", "sha256:9", {"from": "8", "to": "9"}))
    assert "overridden" not in call("release", "status", "--workspace", workspace).out


@pytest.mark.usefixtures("log")
def test_without_a_release_the_status_says_so(call: Call, tmp_path: Path) -> None:
    """And asking makes no workspace."""
    told = call("release", "status", "--workspace", tmp_path / "none")
    assert told.out.splitlines()[0] == "no release is recorded"
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("log")
def test_pruning_a_place_that_is_none_makes_none(call: Call, tmp_path: Path) -> None:
    """There is nothing to remove, and no folder comes to be."""
    told = call("release", "prune", "--workspace", tmp_path / "none")
    assert (told.code, told.out) == (0, f"nothing was released from {tmp_path / 'none'}\n")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--watch", "--webhook-port", "8099"),
        ("--watch", "--webhook-secret", "secret"),
        ("--webhook-port", "8099", "--webhook-secret", "secret"),
        ("--watch", "--every", "0"),
        ("--lease", "0"),
        ("--canary", "10"),
        ("--canary", "51%"),
        ("--canary", "0.001"),
        ("--canary-requests", "500"),
        ("--canary-minutes", "5"),
        ("--canary", "10%", "--canary-minutes", "0"),
    ],
)
def test_options_that_do_not_go_together_are_refused(call: Call, options: tuple[str, ...]) -> None:
    """With code 2, and before anything is asked for."""
    assert call("release", "cars", *options).code == 2


@pytest.mark.usefixtures("log")
def test_a_canary_at_a_target_that_serves_one_version_is_refused_with_the_way_out(
    call: Call, tmp_path: Path
) -> None:
    """Before the registry is asked, and anything is built."""
    told = call("release", "cars", "--target", "process", "--canary", "10%", "--workspace", tmp_path / "work")
    assert told.code == 4
    assert "the process target serves one version at a time" in told.err
    assert "release with --target docker, or without --canary" in told.err


@pytest.mark.usefixtures("log")
def test_a_daemon_without_its_secret_does_not_start(call: Call, tmp_path: Path) -> None:
    """Nobody believes that hints are taken while they are not."""
    hook = ("--webhook-port", "8099", "--webhook-secret", tmp_path / "none")
    told = call("release", "cars", "--watch", "--workspace", tmp_path / "work", *hook)
    assert told.code == 1
    assert "the webhook's secret cannot be read" in told.err


def test_a_rollback_needs_a_reason(call: Call) -> None:
    """It is what the log keeps."""
    told = call("rollback", "cars")
    assert told.code == 2
    assert "--reason" in told.err
