"""The four forms of a JSON document become rows.

    {"dataframe_records": [{"make": "Ford", ...}, ...]}
    {"dataframe_split": {"columns": ["make", ...], "data": [["Ford", ...], ...]}}
    {"instances": [{"make": "Ford", ...}, ...]}    or lists of values in the contract's order
    {"inputs": {"make": ["Ford", ...], ...}}       or a list of records

``instances`` and ``inputs`` both take records, columns, and one record alone. All are read more strictly
than MLflow reads them: a member that MLflow would pass over or bend is refused, for whoever sent it meant
something by it. ``serving/protocol/differences.py`` lists every such case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from days_to_sell.spec.contract import shown
from serving.problems import MALFORMED_REQUEST, TOO_LARGE, RequestError

Row = Mapping[str, Any]
FORMS = ("dataframe_records", "dataframe_split", "instances", "inputs")


def read_rows(document: object, names: Sequence[str], max_rows: int) -> list[Row]:
    """Read the rows of a scoring request.

    Args:
        document: The parsed body.
        names: Field names in the contract's order, for rows that are lists of values.
        max_rows: Most rows that one request may hold.

    Returns:
        One mapping of field name to JSON value for each row, in the order they came.

    Raises:
        RequestError: The document is none of the four forms, or has more rows than ``max_rows``.
    """
    form, content = _form(document)
    if form == "dataframe_split":
        return _split_rows(content, max_rows)
    if isinstance(content, dict) and form != "dataframe_records":
        return _column_rows(form, content, max_rows)
    rows = _bounded(_list(content, form), max_rows)
    if form == "instances" and rows and isinstance(rows[0], list):
        return _value_rows(form, rows, names)
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise RequestError(
                MALFORMED_REQUEST,
                f"row {number} of {form} is {_kind(row)}; send an object of field names and values",
            )
    return rows


def _form(document: object) -> tuple[str, object]:
    expected = f"send an object with exactly one of {', '.join(FORMS)}"
    if not isinstance(document, dict):
        raise RequestError(MALFORMED_REQUEST, f"the body is {_kind(document)}; {expected}")
    given = [name for name in FORMS if name in document]
    if len(given) != 1:
        raise RequestError(
            MALFORMED_REQUEST, f"the body has {' and '.join(given) or 'none of the known forms'}; {expected}"
        )
    others = [name for name in document if name not in (given[0], "params")]
    if others:
        raise RequestError(
            MALFORMED_REQUEST, f"the body has a member {shown(others[0])!r} beside {given[0]}; leave it out"
        )
    params = document.get("params")
    if params is not None and params != {}:
        raise RequestError(MALFORMED_REQUEST, "this model takes no params; leave them out")
    return given[0], document[given[0]]


def _split_rows(content: object, max_rows: int) -> list[Row]:
    if not isinstance(content, dict):
        raise RequestError(
            MALFORMED_REQUEST, f"dataframe_split is {_kind(content)}; send an object with columns and data"
        )
    for name in content:
        if name not in ("columns", "data", "index"):
            raise RequestError(
                MALFORMED_REQUEST,
                f"dataframe_split has a member {shown(name)!r}; send columns, data and index only",
            )
    columns = _list(content.get("columns"), "columns of dataframe_split")
    if not all(isinstance(column, str) for column in columns):
        raise RequestError(
            MALFORMED_REQUEST, "columns of dataframe_split holds what is not text; send field names"
        )
    if len(set(columns)) != len(columns):
        raise RequestError(
            MALFORMED_REQUEST, "columns of dataframe_split names a field twice; send each field once"
        )
    rows = _bounded(_list(content.get("data"), "data of dataframe_split"), max_rows)
    return _value_rows("dataframe_split", rows, columns)


def _value_rows(form: str, rows: Sequence[object], names: Sequence[str]) -> list[Row]:
    paired: list[Row] = []
    for number, row in enumerate(rows):
        if not isinstance(row, list):
            raise RequestError(
                MALFORMED_REQUEST, f"row {number} of {form} is {_kind(row)}; send a list of values"
            )
        if len(row) != len(names):
            raise RequestError(
                MALFORMED_REQUEST,
                f"row {number} of {form} has {len(row)} values for {len(names)} fields; send one for each",
            )
        paired.append(dict(zip(names, row, strict=True)))
    return paired


def _column_rows(form: str, columns: Mapping[str, object], max_rows: int) -> list[Row]:
    """Read lists of values by field, or one value for each field, which is one row."""
    if not columns:
        raise RequestError(MALFORMED_REQUEST, f"{form} names no field; send a list of values for each field")
    values = [column for column in columns.values() if isinstance(column, list)]
    if not values:
        return [columns]
    if len(values) < len(columns):
        # One value for all rows, as pandas takes it, would let a short request become a long one.
        name, value = next((name, value) for name, value in columns.items() if not isinstance(value, list))
        raise RequestError(
            MALFORMED_REQUEST,
            f"column {shown(name)!r} of {form} is {_kind(value)} beside lists; send a list for each field",
        )
    lengths = {len(column) for column in values}
    if len(lengths) != 1:
        raise RequestError(
            MALFORMED_REQUEST,
            f"the columns of {form} have between {min(lengths)} and {max(lengths)} values; send equally many",
        )
    _bounded(values[0], max_rows)
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _bounded(rows: list[Any], max_rows: int) -> list[Any]:
    if len(rows) > max_rows:
        raise RequestError(
            TOO_LARGE,
            f"the request has {len(rows)} rows; send at most {max_rows} at once, the rest later",
        )
    return rows


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise RequestError(MALFORMED_REQUEST, f"{what} is {_kind(value)}; send a list")
    return value


def _kind(value: object) -> str:
    match value:
        case None:
            return "null or missing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"
