"""A CSV document becomes rows: the first line names the fields, and an empty value is a missing one."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from days_to_sell.spec import RequestContract
from days_to_sell.spec.contract import shown
from serving.problems import MALFORMED_REQUEST, TOO_LARGE, RequestError

Row = Mapping[str, Any]


def read_csv(body: bytes, contract: RequestContract, max_rows: int) -> list[Row]:
    """Read the rows of a CSV document (RFC 4180).

    Values of numeric fields become numbers where they are written as one; the contract judges the rest.

    Args:
        body: The document, UTF-8 with or without a byte order mark.
        contract: Knows which fields are numbers.
        max_rows: Most rows that one request may hold.

    Raises:
        RequestError: It is not UTF-8 or not CSV, has no header, names a field twice, or has too many rows.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _malformed(f"the body is not UTF-8 at byte {error.start}; send CSV encoded as UTF-8") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    numeric = {field.column.name for field in contract.fields if field.column.numeric}
    try:
        names = next(lines, None)
        if not names:
            raise _malformed("the body has no first line; send one that names the fields")
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise _malformed(f"the first line names {shown(twice)!r} twice; send each field once")
        rows: list[Row] = []
        for values in lines:
            # An empty line is no row, as with pandas, which MLflow reads CSV with.
            if not values:
                continue
            if len(values) != len(names):
                raise _malformed(
                    f"line {lines.line_num} has {len(values)} values for {len(names)} fields; send as many"
                )
            if len(rows) == max_rows:
                raise RequestError(
                    TOO_LARGE,
                    f"the request has more than {max_rows} rows; send the rest in further requests",
                )
            rows.append(
                {name: _value(value, name in numeric) for name, value in zip(names, values, strict=True)}
            )
    except csv.Error as error:
        raise _malformed(f"line {lines.line_num} is not CSV: {error}; see RFC 4180") from error
    return rows


def _value(text: str, number: bool) -> str | float | None:
    if not text:
        return None
    if number:
        try:
            return float(text)
        except ValueError:
            pass
    return text


def _malformed(detail: str) -> RequestError:
    return RequestError(MALFORMED_REQUEST, detail)
