"""A registry with one version of the tiny model in Production, and a target of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.alerts import Alerts
from days_to_sell.release.machine.admission import Gates
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.outcome import Release
from days_to_sell.release.reconcile import reconcile
from tests.packages import make_package
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget

MODEL = "tiny-model"


@pytest.fixture
def registry(tmp_path: Path) -> ShelfRegistry:
    """A registry with version 1 in Production."""
    registry = ShelfRegistry()
    registry.add(MODEL, "1", make_package(tmp_path / "shelf" / "1"))
    return registry


@pytest.fixture
def target() -> Iterator[ThreadTarget]:
    """A target that serves in threads of this process."""
    target = ThreadTarget()
    yield target
    target.stop()


@pytest.fixture
def lines() -> list[str]:
    """The progress that was reported."""
    return []


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The folder of the release."""
    return tmp_path / "work"


@pytest.fixture
def log(workspace: Path) -> EventLog:
    """The event log."""
    workspace.mkdir()
    return EventLog.open(f"sqlite:///{workspace / 'events.db'}")


@pytest.fixture
def aides(log: EventLog, lines: list[str]) -> Aides:
    """Who stands beside the release: the log, and gates with nothing to say of a model without a spec."""
    return Aides(log, Gates(log), Alerts("", lines.append))


@pytest.fixture
def release(
    registry: ShelfRegistry, target: ThreadTarget, lines: list[str], workspace: Path, aides: Aides
) -> Callable[[], Release]:
    """Run the reconcile step once."""
    return lambda: reconcile(registry, MODEL, target, workspace=workspace, report=lines.append, aides=aides)
