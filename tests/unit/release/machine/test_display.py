"""Tags for people to see, written beside the steps."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from days_to_sell.errors import LeaseError, ProofError, RegistryError
from days_to_sell.registry.versions import ModelVersion
from days_to_sell.release.machine.display import Display
from tests.packages import make_package
from tests.unit.release.fakes import ShelfRegistry

VERSION = ModelVersion("flats", "1", "a1b2c3", {})


class SlowRegistry(ShelfRegistry):
    """A registry that takes the first tags no sooner than it is let."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.add("flats", "1", make_package(folder / "package", model="flats"))
        self.begun, self.let, self.asked = threading.Event(), threading.Event(), list[dict[str, str]]()
        self.on_tag = self._wait

    def _wait(self, tags: Mapping[str, str]) -> None:
        self.asked.append(dict(tags))
        self.begun.set()
        assert self.let.wait(10)


@pytest.fixture
def registry(tmp_path: Path) -> SlowRegistry:
    """That one, with a version."""
    return SlowRegistry(tmp_path)


def test_no_step_waits_and_what_is_old_by_then_is_never_written(registry: SlowRegistry) -> None:
    """Three steps go by while the first is written; the last one follows, whole, and what stands is left."""
    with Display(registry, VERSION, print) as display:
        display.show({"step": "package", "reason": ""})
        assert registry.begun.wait(10)
        display.show({"step": "image", "reason": ""})
        display.show({"step": "", "reason": "", "status": "released"})
        registry.let.set()
    assert registry.asked == [{"step": "package", "reason": ""}, {"step": "", "status": "released"}]
    assert registry.tags["flats", "1"] == {"step": "", "reason": "", "status": "released"}


def test_of_a_failure_all_is_written(registry: SlowRegistry) -> None:
    """It is what people look for."""
    registry.let.set()

    def failed() -> None:
        with Display(registry, VERSION, print) as display:
            display.show({"status": "refused"})
            raise ProofError("wrong")

    with pytest.raises(ProofError):
        failed()
    assert registry.tags["flats", "1"] == {"status": "refused"}


@pytest.mark.parametrize("end", [LeaseError("another one releases"), KeyboardInterrupt()])
def test_whoever_is_to_end_or_was_replaced_writes_nothing_more(
    registry: SlowRegistry, end: BaseException
) -> None:
    """The other program has its own words by now."""

    def ended() -> None:
        with Display(registry, VERSION, print) as display:
            display.show({"status": "releasing", "step": "package"})
            assert registry.begun.wait(10)
            display.show({"step": "image"})
            threading.Timer(0.1, registry.let.set).start()
            raise end

    with pytest.raises(type(end)):
        ended()
    assert [each["step"] for each in registry.asked] == ["package"]


def test_a_fault_is_not_lost_in_the_thread(registry: SlowRegistry) -> None:
    """What is no refusal of the registry is a mistake of ours."""

    def wrong(tags: Mapping[str, str]) -> None:
        raise ValueError("a mistake")

    registry.on_tag = wrong
    with pytest.raises(ValueError, match="a mistake"), Display(registry, VERSION, print) as display:
        display.show({"step": "package"})


def test_a_registry_that_takes_none_is_asked_once(registry: SlowRegistry) -> None:
    """It may be down for long; each request would wait for it."""
    asked, said = list[object](), list[str]()

    def down(tags: Mapping[str, str]) -> None:
        asked.append(tags)
        raise RegistryError("it is down")

    registry.on_tag = down
    with Display(registry, VERSION, said.append) as display:
        display.show({"step": "package"})
        display.show({"step": "image"})
    assert (len(asked), len(said)) == (1, 1)
    assert "it is down" in said[0]
