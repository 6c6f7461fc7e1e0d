"""What parts of the benchmarks found is kept side by side, and laid out for people."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from bench.__main__ import PARTS, keep, main
from bench.part import Findings, table


def test_running_one_part_leaves_what_others_found(tmp_path: Path) -> None:
    """A part replaces its own entry in the summary and no other."""
    summary = tmp_path / "summary.json"
    keep(summary, "one", Findings({"seconds_each": [1.5]}, ()), 2.0)
    keep(summary, "two", Findings({"rows": 1}, ()), 3.0)
    keep(summary, "two", Findings({"rows": 2}, (), ("too slow",)), 4.0)
    found = json.loads(summary.read_text(encoding="utf-8"))
    assert found["one"]["seconds_each"] == [1.5]
    assert (found["two"]["rows"], found["two"]["seconds"]) == (2, 4.0)
    assert found["two"]["missed"] == ["too slow"]
    assert {"at", "machine"} <= set(found["one"])
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


def test_every_part_is_a_module_with_one_function() -> None:
    """Each name in PARTS leads to a file, and an unknown name is refused with those that exist."""
    folder = Path(__file__).parents[3] / "bench"
    for name in PARTS:
        (module,) = (
            path for path in (folder / f"{name}.py", folder / name / "__init__.py") if path.is_file()
        )
        assert "\ndef run(task: Task) -> Findings:\n" in module.read_text(encoding="utf-8")
    refused = CliRunner().invoke(main, ["speed"])
    assert refused.exit_code == 2
    assert all(name in refused.output for name in PARTS)


def test_numbers_stand_under_one_another() -> None:
    """The first column is to the left, the others to the right, with no blanks at the end of a line."""
    assert table(("engine", "seconds"), [("Spark", "11.5"), ("DuckDB", "2.0")]) == [
        "engine  seconds",
        "Spark      11.5",
        "DuckDB      2.0",
    ]
