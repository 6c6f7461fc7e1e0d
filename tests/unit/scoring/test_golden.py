"""The comparison with golden data, and its file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from days_to_sell.errors import PackageError
from days_to_sell.scoring.agreement import TOLERANCE, relative_error
from days_to_sell.scoring.golden import GoldenRow, compare, read_golden, write_golden

ROWS = tuple(GoldenRow(f"r{i}", "sample", {"a": i}, days) for i, days in enumerate([0.1, 40.0, 180.0]))
DAYS = [row.days for row in ROWS]


def test_equal_answers_pass() -> None:
    """The same numbers prove a model, with no error at all."""
    proof = compare(ROWS, DAYS)
    assert (proof.passed, proof.rows, proof.max_rel_error) == (True, 3, 0.0)


@pytest.mark.parametrize(("expected", "scale"), [(0.1, 1.0), (1.0, 1.0), (180.0, 180.0), (-40.0, 40.0)])
def test_the_tolerance_is_absolute_below_one_and_relative_above(expected: float, scale: float) -> None:
    """An error of just under 1e-9 times max(1, |b|) passes, one just over it does not."""
    row = [GoldenRow("r", "sample", {}, expected)]
    assert compare(row, [expected + 0.99 * TOLERANCE * scale]).passed
    assert not compare(row, [expected + 1.01 * TOLERANCE * scale]).passed


@pytest.mark.parametrize("answer", [math.nan, math.inf, -math.inf, "the row was refused"])
def test_no_number_is_an_infinite_error(answer: float | str) -> None:
    """NaN, infinity or an error in place of an answer never passes, and is shown as it came."""
    proof = compare(ROWS, [DAYS[0], answer, DAYS[2]])
    assert not proof.passed
    assert proof.max_rel_error == math.inf
    (difference,) = proof.differences
    assert str(difference) == f"row r1 (sample): expected 40.0, got {answer!r}"


def test_equal_infinities_are_no_agreement() -> None:
    """Infinity is an answer of neither side."""
    assert relative_error(math.inf, math.inf) == math.inf


def test_the_worst_difference_comes_first() -> None:
    """A report that is cut short still shows what matters most."""
    proof = compare(ROWS, [DAYS[0] + 1, DAYS[1] * 1.5, DAYS[2] * 1.2])
    assert [difference.row_id for difference in proof.differences] == ["r0", "r1", "r2"]
    assert proof.max_rel_error == pytest.approx(1.0)


def test_nothing_proves_nothing() -> None:
    """An empty comparison does not pass."""
    assert not compare([], []).passed


def test_answers_that_do_not_pair_up_are_refused() -> None:
    """A lost answer must not shift the others onto wrong rows."""
    with pytest.raises(ValueError, match="2 answers to 3 golden rows"):
        compare(ROWS, DAYS[:2])


def test_golden_rows_come_back_to_the_last_bit(tmp_path: Path) -> None:
    """Floats keep every bit and text every character."""
    just_below = math.nextafter(10_000.0, 0.0)
    rows = (
        GoldenRow("r1", "sample", {"price": 0.1 + 0.2, "make": "Škoda 東風", "mileage": None}, 1 / 3),
        GoldenRow("r2", "edge", {"price": just_below, "make": "\u2028", "mileage": 0}, 180.0),
    )
    write_golden(tmp_path / "golden.jsonl", rows)
    assert read_golden(tmp_path / "golden.jsonl") == rows


def test_what_spark_wrote_on_the_way_comes_back_too(tmp_path: Path) -> None:
    """Columns between stages hold what JSON does not know, and are absent where nothing was recorded."""
    stages = {"ratio": math.inf, "rank": 2.0, "make": None, "fuel": [0.0, 0.0, 0.0, 1.0], "both": [-0.0, 1.5]}
    write_golden(tmp_path / "golden.jsonl", [GoldenRow("r", "sample", {}, 1.0, stages), ROWS[0]])
    assert read_golden(tmp_path / "golden.jsonl") == (GoldenRow("r", "sample", {}, 1.0, stages), ROWS[0])
    assert "stages" not in (tmp_path / "golden.jsonl").read_text().splitlines()[1]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"row_id": "r"}',
        '{"row_id":"r","kind":"k","input":1,"days":1}',
        '{"row_id":"r","kind":"k","input":{},"days":1,"stages":{"x":{"size":1e9}}}',
        '{"row_id":"r","kind":"k","input":{},"days":1,"stages":[1]}',
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    """The error names the line and the file."""
    path = tmp_path / "golden.jsonl"
    write_golden(path, ROWS)
    path.write_text(path.read_text() + line + "\n", encoding="utf-8")
    with pytest.raises(PackageError, match=r"golden row 4 of .*golden\.jsonl is damaged"):
        read_golden(path)


def test_a_number_that_json_has_not_is_never_written(tmp_path: Path) -> None:
    """NaN in golden data stops the writer."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_golden(tmp_path / "golden.jsonl", [GoldenRow("r", "sample", {}, math.nan)])
