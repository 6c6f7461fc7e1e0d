"""Which test process runs what: whole files, and all that need the Docker engine one after the other.

Names in an engine are one file's alone while that runs. Were such files spread over the processes, these
would wait for one another.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]
ENGINE = "engine"
_TAKES_IT = re.compile(rf"\b{ENGINE}: docker\.")


@cache
def needs_engine(file: str) -> bool:
    """Whether tests of a file ask for the engine; the process that hands files out imports none of them."""
    return bool(_TAKES_IT.search((ROOT / file).read_text(encoding="utf-8")))


class Scheduling(LoadFileScheduling):
    """Hands out files, and those that need the engine as if they were one."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return ENGINE if needs_engine(file) else file


def make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """Give the scheduler where files are handed out."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def sort(items: list[pytest.Item]) -> None:
    """Put files that need the engine first: nothing takes longer."""
    items.sort(key=lambda item: not needs_engine(item.nodeid.split("::", 1)[0]))
