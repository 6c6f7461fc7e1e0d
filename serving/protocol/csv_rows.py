"""A CSV document becomes rows: the first line names the fields, and an empty value is a missing one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from days_to_sell.spec import RequestContract
from days_to_sell.spec.contract import shown
from serving.problems import MALFORMED_REQUEST, TOO_LARGE, RequestError

Row = Mapping[str, Any]
# Of what float() takes, underscores and digits of other scripts are no numbers of CSV.
NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
# What pandas, R and SQL write for a missing number; a text may well be called so.
MISSING = {"NA", "NaN", "nan", "-NaN", "-nan", "N/A", "n/a", "<NA>", "#N/A", "NULL", "null", "None"}


def read_csv(body: bytes, contract: RequestContract, max_rows: int) -> list[Row]:
    """Read the rows of a CSV document (RFC 4180).

    Values of numeric fields become numbers where they are written as one, and are missing where a word says
    so (``NA``, ``null``); the contract judges the rest. A first column without a name is passed over.

    Args:
        body: The document, UTF-8 with or without a byte order mark.
        contract: Knows which fields are numbers.
        max_rows: Most rows that one request may hold.

    Raises:
        RequestError: It is not UTF-8 or not CSV, has no header that names fields, names one twice, or has
            too many rows.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _malformed(f"the body is not UTF-8 at byte {error.start}; send CSV encoded as UTF-8") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next((line for line in lines if line), None)
        return _rows(lines, _names(header, contract), contract, max_rows)
    except csv.Error as error:
        raise _malformed(f"line {lines.line_num} is not CSV: {error}; see RFC 4180") from error


def _names(header: list[str] | None, contract: RequestContract) -> list[str]:
    if header is None:
        raise _malformed("the body has no first line; send one that names the fields")
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise _malformed(f"the first line names {shown(twice)!r} twice; send each field once")
    if not set(header) & set(contract.names):
        raise _malformed(
            f"the first line names no field of the model; send {','.join(contract.names)} with commas between"
        )
    return header


def _rows(lines: Any, names: list[str], contract: RequestContract, max_rows: int) -> list[Row]:
    numeric = {field.column.name for field in contract.fields if field.column.numeric}
    # A frame written with its index has a first column without a name.
    first = 0 if names[0] else 1
    rows: list[Row] = []
    for values in _filled(lines, len(names)):
        if len(values) != len(names):
            raise _malformed(
                f"line {lines.line_num} has {len(values)} values for {len(names)} fields; send as many"
            )
        if len(rows) == max_rows:
            raise RequestError(
                TOO_LARGE, f"the request has more than {max_rows} rows; send the rest in further requests"
            )
        pairs = zip(names[first:], values[first:], strict=True)
        rows.append({name: _value(value, name in numeric) for name, value in pairs})
    return rows


def _filled(lines: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """Leave out empty lines and blank lines, which are no rows; so does pandas, with which MLflow reads."""
    return (line for line in lines if len(line) > 1 or (line and (width == 1 or line[0].strip())))


def _value(text: str, number: bool) -> str | float | None:
    if not text or (number and text in MISSING):
        return None
    return float(text) if number and NUMBER.fullmatch(text) else text


def _malformed(detail: str) -> RequestError:
    return RequestError(MALFORMED_REQUEST, detail)
