"""How far releases are, as the log tells it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from days_to_sell.errors import ProofError
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.key import STEPS
from days_to_sell.release.outcome import Release
from days_to_sell.release.status import KINDS, StepState, states
from tests.packages import make_package
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget


def told(log: EventLog, releases: int = 1) -> tuple[StepState, ...]:
    """Read the states."""
    return states(log.read(MODEL, kinds=KINDS), releases)


def test_a_release_is_told_step_by_step_with_its_end(release: Callable[[], Release], log: EventLog) -> None:
    """Each step once, as it was written last, with the seconds it took."""
    release()
    found = told(log)
    assert [each.step for each in found] == [*STEPS, "release"]
    assert {each.state for each in found[:-1]} == {"done"}
    assert found[-1].state == "released"
    assert all(each.seconds is not None and each.version == "1" for each in found[:-1])


def test_only_the_newest_release_is_told_and_a_failure_says_why(
    release: Callable[[], Release],
    registry: ShelfRegistry,
    target: ThreadTarget,
    log: EventLog,
    tmp_path: Path,
) -> None:
    """What was refused stands there with its step and reason; more releases are told when asked for."""
    release()
    registry.add(MODEL, "2", make_package(tmp_path / "shelf" / "2"))
    target.spoilt = {"preprod"}
    with pytest.raises(ProofError):
        release()
    found = told(log)
    assert {each.version for each in found} == {"2"}
    last, end = found[-2:]
    assert (last.step, last.state, end.step, end.state) == ("preprod", "failed", "release", "failed")
    assert "golden rows" in last.reason
    assert {each.version for each in told(log, 2)} == {"1", "2"}


def test_a_log_without_releases_tells_nothing(log: EventLog) -> None:
    """There is nothing to tell."""
    assert told(log) == ()
