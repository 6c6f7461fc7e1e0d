"""A gated store on SQLite with a door that tests open and shut."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.registry.store.gated import Judge
from days_to_sell.registry.store.stores import GatedStore
from days_to_sell.settings import Settings

MODEL, OTHER = "ours", "foreign"


@dataclass
class Door:
    """A door that turns the versions in ``red`` away, and who may pass it all the same."""

    red: set[str] = field(default_factory=set)
    users: str = ""
    seen: list[tuple[Any, Any]] = field(default_factory=list)

    def refusals(self, connection: Any, workspace: str, spec: Any, candidate: Any, incumbent: Any) -> Any:
        """Answer as the real one."""
        self.seen.append((candidate, incumbent))
        return ("gate golden is red: 3 rows differ",) if candidate.version in self.red else ()


@pytest.fixture
def door() -> Door:
    """Everything may pass, until a test says otherwise."""
    return Door()


@pytest.fixture
def gated(store: Path, tmp_path: Path, door: Door) -> GatedStore:
    """A store with a model of ours and a foreign one, each with three versions."""
    shutil.copy(store, tmp_path / "gated.db")
    judge = Judge(
        lambda name: object() if name == MODEL else None,
        door.refusals,
        lambda source: f"d:{source}",
        lambda: Settings(override_users=door.users),
    )
    made = GatedStore(f"sqlite:///{tmp_path / 'gated.db'}", judge=judge)
    for name in (MODEL, OTHER):
        made.create_registered_model(name)
        for number in (1, 2, 3):
            made.create_model_version(name, f"s3://bucket/{number}")
    return made
