"""Rows with the answers that are expected of a bundle, as anybody can write them out of Spark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from days_to_sell.cli.rows import read_rows
from days_to_sell.errors import ContractError, ScoringError
from days_to_sell.scoring.agreement import TOLERANCE, distance
from days_to_sell.scoring.kinds import Kind
from days_to_sell.scoring.python import PythonBundle
from days_to_sell.scoring.trace import Tracer

# Wider vectors are no help to a reader: the size that a file names is not multiplied out.
MAX_WIDTH = 1_000_000
DENSE, SPARSE = 1, 0
ENGINES = ("expected", "got")


@dataclass(frozen=True)
class Known:
    """A row with the answer that is expected.

    Args:
        line: Number of its line in the file, counted from 1.
        row: What the pipeline takes.
        expected: What it should write, as far as that is known.
    """

    line: int
    row: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True)
class Agreement:
    """What a comparison found.

    Args:
        rows: Rows compared.
        max_rel_error: Largest ``|a - b| / max(1, |b|)`` of the rows that agree.
        differences: For each row that does not, where it parts from what is expected.
    """

    rows: int
    max_rel_error: float
    differences: tuple[str, ...]


def read_known(path: Path, bundle: PythonBundle) -> list[Known]:
    """Read JSON lines of rows as Spark's ``transform`` leaves them.

    Raises:
        ContractError: A line is no row, or holds nothing that the pipeline writes.
    """
    # Text may hold characters, such as U+2028, that count as the end of a line elsewhere.
    with path.open(encoding="utf-8", newline="\n") as lines:
        try:
            return [_known(line, row, bundle) for line, row in read_rows(lines)]
        except UnicodeDecodeError as error:
            raise ContractError(f"{path} is not UTF-8 text: {error}") from error


def _known(line: int, row: dict[str, Any], bundle: PythonBundle) -> Known:
    expected = {name: row.pop(name) for name in bundle.outputs if name in row}
    if not expected:
        written = ", ".join(bundle.outputs)
        raise ContractError(f"line {line} holds no column that the pipeline writes: {written}")
    try:
        for name, kind in bundle.inputs.items():
            if kind.name == "vector" and name in row:
                row[name] = _value(row[name], kind)
        return Known(
            line, row, {name: _value(value, bundle.outputs[name]) for name, value in expected.items()}
        )
    except (ValueError, TypeError, LookupError) as error:
        raise ContractError(f"line {line} holds a value that no column has: {error}") from error


def compare(bundle: PythonBundle, known: Sequence[Known]) -> Agreement:
    """Score rows, and name for each that differs from what is expected the first stage that does."""
    wanted = sorted({column for each in known for column in each.expected})
    answers = bundle.select(wanted).transform_each([each.row for each in known])
    tracer = Tracer(bundle)
    differences, largest = [], 0.0
    for each, answer in zip(known, answers, strict=True):
        if answer is None or isinstance(answer, ScoringError):
            error = math.inf
        else:
            error = max(distance(answer[column], due) for column, due in each.expected.items())
        if error > TOLERANCE:
            differences.append(f"line {each.line}, {tracer.explain(each.row, each.expected, ENGINES)}")
        else:
            largest = max(largest, error)
    return Agreement(len(known), largest, tuple(differences))


def _value(value: Any, kind: Kind) -> Any:
    """Read the value of a column; a number that is null is NaN, which JSON does not know."""
    if kind.name == "string":
        return value
    if kind.name == "number":
        return _number(value)
    if isinstance(value, list):
        return [_number(each) for each in value]
    numbers = [_number(each) for each in value["values"]]
    if value["type"] == DENSE:
        return numbers
    if value["type"] != SPARSE or not 0 <= value["size"] <= MAX_WIDTH:
        raise ValueError(f"{value!r:.60} is no vector")
    dense = [0.0] * value["size"]
    for place, number in zip(value["indices"], numbers, strict=True):
        dense[place] = number
    return dense


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(f"{value} is no number")
    return math.nan if value is None else float(value)
