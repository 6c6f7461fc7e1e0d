"""The choice between Docker and a local process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.choose import choose_target, stop_all
from days_to_sell.release.site import Site
from days_to_sell.settings import Settings
from stack.ports import free_port

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site on a machine whose Docker engine does not answer."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    addresses = Addresses(ports={"production": free_port(), "preprod": free_port()})
    yield Site(Settings(), tmp_path, tmp_path / "work", addresses, print)
    # The engine's client leaves the socket of a failed connection to the collector, which warns of it.
    gc.collect()


def test_without_an_engine_a_process_serves_and_the_reason_is_given(site: Site) -> None:
    """The choice is never silent."""
    target, reason = choose_target("auto", site)
    assert target.name == "process"
    assert reason.startswith("serving as a local process, not as a container: no Docker engine answers (")


def test_docker_asked_for_is_never_replaced(site: Site) -> None:
    """An explicit choice that cannot be met is an error with the way out."""
    with pytest.raises(
        TargetError, match=r"no Docker engine answers .* start one, or name it with DOCKER_HOST"
    ):
        choose_target("docker", site)


def test_a_process_asked_for_needs_no_engine(site: Site) -> None:
    """The engine is not even looked for."""
    target, reason = choose_target("process", site)
    assert (target.name, reason) == ("process", "serving as a local process, as asked")


def test_stopping_where_nothing_was_started_ends_nothing(site: Site) -> None:
    """`make stop` may be run at any time."""
    assert stop_all(site) == ()
