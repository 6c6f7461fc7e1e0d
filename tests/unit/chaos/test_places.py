"""What serves as whoever kills it meets it: processes, without a service behind them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.places import Containing, Processing
from days_to_sell.errors import TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.process.processes import identity
from days_to_sell.release.process.state import Record, StateFiles
from days_to_sell.release.site import Site
from days_to_sell.release.target import Deployment
from days_to_sell.settings import Settings

SERVING = Deployment("production", "http://127.0.0.1:1", "m", "1", "sha256:aa")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A place at which nothing runs."""
    return Site(Settings(), tmp_path, tmp_path / "place", Addresses(), print)


@pytest.fixture
def master(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A process that would find its successor where gunicorns of that place do."""
    announced = site.workspace / "process" / "m-production.successor"
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env={**os.environ, "DAYS_TO_SELL_SUCCESSOR": str(announced)},
        start_new_session=True,
    )
    yield process
    process.kill()
    process.wait()


def record(site: Site, process: subprocess.Popen[bytes]) -> None:
    """Write down that a process serves."""
    StateFiles(site.workspace / "process").write(
        Record(SERVING, process.pid, identity(process.pid) or "", "", "proven")
    )


def test_a_service_that_no_record_names_is_a_stray(site: Site, master: subprocess.Popen[bytes]) -> None:
    """Until somebody writes it down."""
    place = Processing(site)
    assert place.strays() == [f"gunicorn {master.pid}"]
    record(site, master)
    assert place.strays() == []


@pytest.mark.parametrize("luck", [0.0, 0.99])
def test_a_strike_kills_what_is_recorded(site: Site, master: subprocess.Popen[bytes], luck: float) -> None:
    """Whichever way it is done; where nothing runs any more, nothing is killed."""
    record(site, master)
    place = Processing(site)
    assert str(place.strike(luck)).startswith("gunicorn of m version 1 (production), ")
    assert master.wait() == -signal.SIGKILL
    assert place.strike(luck) is None


def test_clearing_a_place_ends_strays_too(site: Site, master: subprocess.Popen[bytes]) -> None:
    """Nothing that was started from here outlives the run."""
    Processing(site).clear(())
    assert master.wait() == -signal.SIGKILL


def test_containers_of_another_place_are_refused_at_once(site: Site) -> None:
    """The daemon would leave them alone, and what is promoted would be waited for in vain."""
    elsewhere = SimpleNamespace(labels={})
    engine: Any = SimpleNamespace(containers=SimpleNamespace(get=lambda name: elsewhere))
    with pytest.raises(TargetError, match="container m-preprod was not started by this toolkit; end it"):
        Containing(engine, site, "m")
