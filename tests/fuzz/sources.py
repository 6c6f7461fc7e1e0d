"""Sound bundles to damage: every operator by itself, and all of them in one pipeline."""

from __future__ import annotations

from tests.fuzz.damage import Files
from tests.unit.scoring.bundles import files
from tests.unit.scoring.test_hostile_bundles import every_operator


def sources() -> list[Files]:
    """Give the files of each; the columns that an operator reads come from outside where it is alone."""
    nodes = every_operator()
    alone = [[node] for node in nodes]
    return [{name: text.encode() for name, text in files(each).items()} for each in (nodes, *alone)]
