"""Golden data: raw rows with Spark's own answers, and the comparison that every engine has to pass."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from days_to_sell.errors import PackageError
from days_to_sell.scoring.agreement import TOLERANCE, relative_error
from days_to_sell.scoring.recorded import decode_columns, encode
from days_to_sell.scoring.trace import StageDifference

# Rows that disagree are traced through the stages no further than somebody will read.
TRACED = 5


@dataclass(frozen=True)
class GoldenRow:
    """One raw row and Spark's answer to it.

    Args:
        row_id: Name of the row, for reports.
        kind: Why the row is here: ``sample``, or the edge that it stands on.
        input: Raw columns as JSON values; a date that may default always stands in it.
        days: Spark's prediction.
        stages: What Spark wrote on the way there, by column; empty where that was not recorded.
    """

    row_id: str
    kind: str
    input: Mapping[str, Any]
    days: float
    stages: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One row on which an engine and Spark disagree.

    Args:
        row_id: Name of the row.
        kind: Why the row is there.
        expected: Spark's answer.
        actual: The engine's answer, or the text of the error that it gave instead.
        stage: Where in the pipeline they part, if that is known.
    """

    row_id: str
    kind: str
    expected: float
    actual: float | str
    stage: StageDifference | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        said = f"row {self.row_id} ({self.kind}): expected {self.expected!r}, got {self.actual!r}"
        return said if self.stage is None else f"{said}; first at {self.stage}"


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


def compare(
    golden: Sequence[GoldenRow],
    answers: Sequence[float | str],
    explain: Callable[[GoldenRow], StageDifference | None] = lambda row: None,
) -> Proof:
    """Compare answers with golden rows, pair by pair.

    Args:
        golden: The rows.
        answers: A number for each row, or the text of the error it got instead.
        explain: Finds the stage at which the answer to a row leaves Spark's; asked for the worst few.

    Raises:
        ValueError: The lengths differ, so that no pairing is to be trusted.
    """
    if len(golden) != len(answers):
        raise ValueError(f"{len(answers)} answers to {len(golden)} golden rows")
    errors = [
        math.inf if isinstance(answer, str) else relative_error(answer, row.days)
        for row, answer in zip(golden, answers, strict=True)
    ]
    beyond = [i for i, error in enumerate(errors) if error > TOLERANCE]
    worst_first = sorted(beyond, key=lambda i: -errors[i])
    differences = [
        Difference(golden[i].row_id, golden[i].kind, golden[i].days, answers[i]) for i in worst_first
    ]
    for rank, i in enumerate(worst_first[:TRACED]):
        differences[rank] = replace(differences[rank], stage=explain(golden[i]))
    return Proof(len(golden), max(errors, default=0.0), tuple(differences))


def write_golden(path: Path, rows: Iterable[GoldenRow]) -> None:
    """Write golden rows as one JSON object per line; floats keep every bit."""
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(_document(row), ensure_ascii=False, allow_nan=False) + "\n")


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
                stages = decode_columns(dict(row.stages))
                rows.append(
                    GoldenRow(str(row.row_id), str(row.kind), dict(row.input), float(row.days), stages)
                )
            except (TypeError, ValueError) as error:
                raise PackageError(f"golden row {number} of {path} is damaged: {error}") from error
    return tuple(rows)


def _document(row: GoldenRow) -> dict[str, Any]:
    """Give the JSON object of a row; without the stages where none were recorded, as in older packages."""
    stages = {name: encode(value) for name, value in row.stages.items()}
    written = asdict(replace(row, stages={}))
    return written | {"stages": stages} if stages else {k: v for k, v in written.items() if k != "stages"}
