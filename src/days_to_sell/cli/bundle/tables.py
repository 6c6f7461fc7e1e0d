"""Rows in files: JSON lines, and CSV with a header whose cells are read as what the pipeline takes."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from days_to_sell.cli.rows import read_rows
from days_to_sell.errors import ContractError
from days_to_sell.scoring.kinds import Kind

FORMATS = ("jsonl", "csv")
STDIO = "-"
# A row with the number of its line, counted from 1.
Numbered = tuple[int, dict[str, Any]]


class Answers:
    """Writes answers, one for each row.

    Args:
        target: Where to.
        form: JSON lines or CSV, see ``FORMATS``.
        wanted: The columns of an answer; where empty, the row's own fields and what the pipeline adds.
        added: What the pipeline adds.
    """

    def __init__(self, target: TextIO, form: str, wanted: Sequence[str], added: Sequence[str]) -> None:
        self._target = target
        self._wanted = tuple(wanted)
        self._added = tuple(added)
        self._cells = csv.writer(target, lineterminator="\n") if form == "csv" else None
        self._header: tuple[str, ...] = ()

    def write(self, line: int, row: Mapping[str, Any], answer: Mapping[str, Any] | None) -> None:
        """Write the answer to a row: null or empty cells where there is none.

        Raises:
            ContractError: The row lacks a column that is wanted, or does not fit under the CSV file's header.
        """
        lacking = [column for column in self._wanted if column not in row and column not in self._added]
        if lacking:
            raise ContractError(f"line {line} lacks {', '.join(lacking)}, which the pipeline does not write")
        if self._cells is None:
            self._target.write(_json(self._narrowed(answer)) + "\n")
            return
        if not self._header:
            self._header = self._wanted or (*row, *self._added)
            self._cells.writerow(self._header)
        beyond = [] if self._wanted else [column for column in row if column not in self._header]
        if beyond:
            raise ContractError(f"line {line} brings {', '.join(beyond)}, which the first row did not")
        found = answer or {}
        self._cells.writerow([_cell(found.get(column)) for column in self._header])

    def _narrowed(self, answer: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if answer is None or not self._wanted:
            return answer
        return {column: answer[column] for column in self._wanted}


def format_of(file: str, otherwise: str) -> str:
    """Tell the format of a file by its name; standard input and output have none."""
    if file == STDIO:
        return otherwise
    return "csv" if Path(file).suffix.lower() == ".csv" else "jsonl"


def read_table(source: TextIO, form: str, inputs: Mapping[str, Kind]) -> Iterator[Numbered]:
    """Read rows.

    Args:
        source: JSON lines or CSV.
        form: Which of them, see ``FORMATS``.
        inputs: What the pipeline takes, by which the cells of a CSV file are read; other cells are text.

    Raises:
        ContractError: A line is no row; names it.
    """
    return _read_csv(source, inputs) if form == "csv" else read_rows(source)


def _read_csv(source: TextIO, inputs: Mapping[str, Kind]) -> Iterator[Numbered]:
    lines = csv.reader(source, strict=True)
    try:
        header = next(lines, None)
        if not header or len(set(header)) < len(header):
            raise ContractError("line 1 has to name the columns of the CSV file, each once")
        cells = [_cell_reader(column, inputs.get(column)) for column in header]
        for values in lines:
            if not values:
                continue
            if len(values) != len(header):
                raise ContractError(
                    f"line {lines.line_num} has {len(values)} cells where the header names {len(header)}"
                )
            try:
                row = [read(value) for read, value in zip(cells, values, strict=True)]
            except ContractError as error:
                raise ContractError(f"line {lines.line_num}: {error}") from error
            yield lines.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise ContractError(f"line {lines.line_num} is no CSV: {error}") from error


def _cell_reader(column: str, kind: Kind | None) -> Callable[[str], Any]:
    """Make the function that reads a cell; an empty one is null to a column that the pipeline takes."""
    if kind is None:
        return str
    if kind.name == "string":
        return lambda cell: cell or None

    def read(cell: str) -> Any:
        try:
            value = (float if kind.name == "number" else json.loads)(cell) if cell else None
        except ValueError:
            due = {"number": "a number", "boolean": "true or false"}.get(
                kind.name, "a vector such as [1.0, 2.0]"
            )
            raise ContractError(f"column {column!r} must hold {due} or nothing, got {cell!r:.60}") from None
        return value

    return read


def _cell(value: Any) -> Any:
    return _json(value) if isinstance(value, list | tuple | dict) else value


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        # JSON has no NaN and no infinities.
        return json.dumps(_without_nan(value), ensure_ascii=False, allow_nan=False)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(each) for key, each in value.items()}
    return [_without_nan(each) for each in value] if isinstance(value, list | tuple) else value
