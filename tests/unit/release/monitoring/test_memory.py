"""The monitor's memory: it survives, belongs to one package, and a damaged one is not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.errors import MonitorError
from days_to_sell.release.monitoring.looks import Look
from days_to_sell.release.monitoring.memory import Memory, read_memory, write_memory
from tests.unit.release.monitoring.test_windows import PROFILE

COUNTS = {name: (0, 1, 2, 3, 4) for name, _ in PROFILE.histograms}
MEMORY = Memory(
    digest="sha256:1",
    run_id="a1b2",
    window=4,
    looks={"http://service": Look(1_700_000_000.123456, COUNTS)},
    recent=((), ("price",), ("price", "days")),
    standing=("price",),
    outcomes="2025-07-31",
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Looks, windows and verdicts; nothing else is left in the folder."""
    path = tmp_path / "folder" / "state.json"
    write_memory(path, MEMORY)
    assert read_memory(path, MEMORY.digest, PROFILE) == MEMORY
    assert list(path.parent.iterdir()) == [path]


def test_another_version_begins_anew(tmp_path: Path) -> None:
    """Its windows are compared with another profile; and so does the first monitor ever."""
    write_memory(tmp_path / "state.json", MEMORY)
    assert read_memory(tmp_path / "state.json", "sha256:2", PROFILE) == Memory("sha256:2")
    assert read_memory(tmp_path / "none.json", "sha256:2", PROFILE) == Memory("sha256:2")


@pytest.mark.parametrize(
    ("before", "after"),
    [('"window": 4', '"window": "x"'), ('"days"', '"weeks"'), ("{", "["), ('"run_id"', '"run"'), ("4", '"4')],
)
def test_a_damaged_file_is_not_believed(tmp_path: Path, before: str, after: str) -> None:
    """The error names it and says how to begin anew."""
    path = tmp_path / "state.json"
    write_memory(path, MEMORY)
    path.write_text(path.read_text().replace(before, after, 1))
    with pytest.raises(MonitorError, match=r"state\.json cannot be read .* remove it"):
        read_memory(path, MEMORY.digest, PROFILE)


def test_counts_of_other_bins_are_refused(tmp_path: Path) -> None:
    """A file edited by hand would otherwise shift every window."""
    path = tmp_path / "state.json"
    short = {**COUNTS, "price": (1, 2)}
    write_memory(path, Memory("d", looks={"http://service": Look(1.0, short)}))
    with pytest.raises(MonitorError, match="not those of the package's bins"):
        read_memory(path, "d", PROFILE)
