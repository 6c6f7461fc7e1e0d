"""Golden data: raw rows with Spark's own answers, and the comparison that every engine has to pass."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from days_to_sell.errors import PackageError

TOLERANCE = 1e-9


@dataclass(frozen=True)
class GoldenRow:
    """One raw row and Spark's answer to it.

    Args:
        row_id: Name of the row, for reports.
        kind: Why the row is here: ``sample``, or the edge that it stands on.
        input: Raw columns as JSON values; a date that may default always stands in it.
        days: Spark's prediction.
    """

    row_id: str
    kind: str
    input: Mapping[str, Any]
    days: float


@dataclass(frozen=True)
class Difference:
    """One row on which an engine and Spark disagree."""

    row_id: str
    kind: str
    expected: float
    actual: float | str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"row {self.row_id} ({self.kind}): expected {self.expected!r}, got {self.actual!r}"


@dataclass(frozen=True)
class Proof:
    """What a comparison with golden data found.

    Args:
        rows: Rows compared.
        max_rel_error: Largest ``|a - b| / max(1, |b|)``; infinite where an answer is missing.
        differences: Rows beyond the tolerance, worst first.
    """

    rows: int
    max_rel_error: float
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether there was data and every row agreed."""
        return self.rows > 0 and not self.differences


def relative_error(actual: float, expected: float) -> float:
    """Distance by contract: ``|a - b| / max(1, |b|)``, infinite unless both are finite."""
    if not (math.isfinite(actual) and math.isfinite(expected)):
        return math.inf
    return abs(actual - expected) / max(1.0, abs(expected))


def compare(golden: Sequence[GoldenRow], answers: Sequence[float | str]) -> Proof:
    """Compare answers with golden rows, pair by pair.

    Args:
        golden: The rows.
        answers: A number for each row, or the text of the error it got instead.

    Raises:
        ValueError: The lengths differ, so that no pairing is to be trusted.
    """
    if len(golden) != len(answers):
        raise ValueError(f"{len(answers)} answers to {len(golden)} golden rows")
    errors = [
        math.inf if isinstance(answer, str) else relative_error(answer, row.days)
        for row, answer in zip(golden, answers, strict=True)
    ]
    worst_first = sorted(range(len(golden)), key=lambda i: -errors[i])
    differences = tuple(
        Difference(golden[i].row_id, golden[i].kind, golden[i].days, answers[i])
        for i in worst_first
        if errors[i] > TOLERANCE
    )
    return Proof(len(golden), max(errors, default=0.0), differences)


def write_golden(path: Path, rows: Iterable[GoldenRow]) -> None:
    """Write golden rows as one JSON object per line; floats keep every bit."""
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(asdict(row), ensure_ascii=False, allow_nan=False) + "\n")


def read_golden(path: Path) -> tuple[GoldenRow, ...]:
    """Read golden rows back.

    Raises:
        PackageError: A line is not a golden row; the message names it.
    """
    rows = []
    # Text may hold characters, such as U+2028, that count as the end of a line elsewhere.
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = GoldenRow(**json.loads(line))
                rows.append(GoldenRow(str(row.row_id), str(row.kind), dict(row.input), float(row.days)))
            except (TypeError, ValueError) as error:
                raise PackageError(f"golden row {number} of {path} is damaged: {error}") from error
    return tuple(rows)
