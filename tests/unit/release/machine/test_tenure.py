"""Leases held while working, and what happens when they are lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from days_to_sell.errors import LeaseError, TargetError
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.fence import Fence
from days_to_sell.release.machine.place import identity_of, lease_name, place_of
from days_to_sell.release.machine.tenure import hold

DEADLINE = 20.0


def until(true: Callable[[], bool]) -> None:
    """Wait for something that has to come about."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_lease_that_is_held_outlasts_its_own_length(log: EventLog) -> None:
    """It is renewed while the work goes on, and given back at the end of it."""
    with hold(log, "release x", report=print, seconds=0.4) as tenure:
        first = tenure._until
        until(lambda: tenure._until > first + 0.4)
        tenure.require()
        assert log.leases.holder("release x") == tenure.lease.holder
    assert log.leases.holder("release x") is None


def test_a_second_one_is_told_who_has_it(log: EventLog) -> None:
    """Waiting is said once, and the error names the holder too."""
    lines: list[str] = []
    assert log.leases.acquire("release x", "somebody", 60)
    with (
        pytest.raises(LeaseError, match="somebody holds the lease 'release x'"),
        hold(log, "release x", report=lines.append, wait=0.6),
    ):
        pass
    assert lines == ["waiting: somebody holds the lease 'release x'"]


def test_whoever_waits_takes_over_when_it_runs_out(log: EventLog) -> None:
    """A holder that died gives nothing back; the number of the next one is higher."""
    dead = log.leases.acquire("release x", "dead", 0.3)
    assert dead is not None
    with hold(log, "release x", report=print, wait=DEADLINE) as tenure:
        assert tenure.lease.token == dead.token + 1


def test_who_lost_the_lease_may_do_nothing_more(log: EventLog) -> None:
    """Taken over by another program, the holder notices at its next renewal."""
    with hold(log, "release x", report=print, seconds=0.8) as tenure:
        log.leases.release(tenure.lease)
        assert log.leases.acquire("release x", "another", 60)
        until(lambda: not tenure.held)
        with pytest.raises(LeaseError, match="no longer holds the lease 'release x'"):
            tenure.require()
    assert log.leases.holder("release x") == "another"


def test_the_fence_lets_nobody_in_who_came_before_the_newest(log: EventLog, tmp_path: Path) -> None:
    """A program that slept over its successor is kept out by the number, whatever it believes itself."""
    fence = Fence(tmp_path / "fences", "tiny-model", identity_of(log))
    with hold(log, "release x", report=print, seconds=60.0) as sleeper:
        log.leases.release(sleeper.lease)
        with hold(log, "release x", report=print) as newer, fence.entered(newer):
            pass
        with pytest.raises(LeaseError, match=r"was admitted with number 1.*and 2 was seen since"):
            fence.entered(sleeper).__enter__()


def test_within_the_fence_there_is_one_at_a_time(log: EventLog, tmp_path: Path) -> None:
    """A program that is within and does not come out is named by its lock, and keeps others out."""
    folder = tmp_path / "fences"
    fence, other = (Fence(folder, "tiny-model", "log", wait) for wait in (1.0, 0.1))
    with hold(log, "release x", report=print) as tenure, fence.entered(tenure):
        with pytest.raises(TargetError, match=r"does not come to an end; `fuser .*tiny-model.*\.lock`"):
            other.entered(tenure).__enter__()
        with Fence(folder, "other-model", "log").entered(tenure):
            pass


def test_numbers_of_another_log_do_not_count(log: EventLog, tmp_path: Path) -> None:
    """Where the log was replaced, its numbers begin anew, and nobody is kept out for ever."""
    with hold(log, "release x", report=print):
        pass
    with hold(log, "release x", report=print) as second:
        with Fence(tmp_path, "tiny-model", identity_of(log)).entered(second):
            pass
        other = EventLog.open(f"sqlite:///{tmp_path / 'other.db'}")
        assert identity_of(log) == identity_of(log) != identity_of(other)
        with (
            hold(other, "release x", report=print) as first,
            Fence(tmp_path, "tiny-model", identity_of(other)).entered(first),
        ):
            assert first.lease.token < second.lease.token


def test_a_place_keeps_its_name_and_models_are_told_apart(tmp_path: Path) -> None:
    """Two programs on one workspace mean the same lease; two models never do, however they are written."""
    assert place_of(tmp_path / "a") == place_of(tmp_path / "a") != place_of(tmp_path / "b")
    assert lease_name("release", "A model", "p") != lease_name("release", "a-model", "p")
    assert len(lease_name("release", "m" * 256, place_of(tmp_path / "a"))) < 256
