"""Packages that a release keeps by digest, where such a place is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from days_to_sell.errors import RegistryError
from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.key import PACKAGE
from days_to_sell.release.outcome import Release
from days_to_sell.scoring.package import ModelPackage
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ShelfRegistry, ThreadTarget


class Shelf:
    """A place for packages, which can be out of reach."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.away = False

    def __call__(self, package: ModelPackage) -> str:
        """Put a package there."""
        if self.away:
            raise RegistryError("s3://shelf: S3 refused with SlowDown")
        self.held.append(package.digest)
        return f"s3://shelf/{package.digest}"


@pytest.fixture
def shelf() -> Shelf:
    """An empty place."""
    return Shelf()


@pytest.fixture
def aides(aides: Aides, shelf: Shelf) -> Aides:
    """Who stands beside a release that keeps packages."""
    return replace(aides, store=shelf)


def test_a_release_keeps_the_package_and_says_where(
    release: Callable[[], Release], shelf: Shelf, log: EventLog, lines: list[str]
) -> None:
    """Once, before anything is built; the event of the step has the address."""
    released = release()
    release()

    assert shelf.held == [released.digest]
    told = [each.body for each in log.read(MODEL, kinds=(Kind.STEP,)) if each.body.get("step") == PACKAGE]
    assert f"s3://shelf/{released.digest}" in str(told)
    assert [line for line in lines if line.endswith(f" is at s3://shelf/{released.digest}")]


def test_what_cannot_be_kept_is_not_released_until_it_can(
    release: Callable[[], Release], shelf: Shelf, target: ThreadTarget
) -> None:
    """Nothing is deployed meanwhile; the next release goes on."""
    shelf.away = True
    with pytest.raises(RegistryError, match="SlowDown"):
        release()
    assert target.deployed == []

    shelf.away = False
    assert shelf.held == []
    assert release().digest == shelf.held[0]


def test_a_package_that_was_fetched_before_the_place_was_named_is_kept_too(
    release: Callable[[], Release],
    registry: ShelfRegistry,
    shelf: Shelf,
    target: ThreadTarget,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A step that was done without it does not stand any more."""
    monkeypatch.setattr("days_to_sell.release.machine.steps.FetchPackage._stays", True)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(target, "prepare", killed)
    with pytest.raises(KeyboardInterrupt):
        release()
    assert shelf.held == []

    monkeypatch.undo()
    assert shelf.held == []
    assert release().digest == shelf.held[0]
