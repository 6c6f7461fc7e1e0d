"""MLflow's scoring protocol without the transport: the bytes of a request become rows.

A document holds exactly one of four forms:

    {"dataframe_records": [{"make": "Ford", ...}, ...]}
    {"dataframe_split": {"columns": ["make", ...], "data": [["Ford", ...], ...]}}
    {"instances": [{"make": "Ford", ...}, ...]}    or lists of values in the contract's order
    {"inputs": {"make": ["Ford", ...], ...}}       or a list of records

It is read more strictly than MLflow reads it: a member or a number that MLflow would pass over or bend is
refused, for whoever sent it meant something by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from days_to_sell.errors import DaysToSellError
from days_to_sell.spec.contract import shown

Row = Mapping[str, Any]
FORMS = ("dataframe_records", "dataframe_split", "instances", "inputs")


class ProtocolError(DaysToSellError):
    """A request is not what the scoring protocol asks for."""


class TooManyRowsError(ProtocolError):
    """A request holds more rows than the service takes at once."""


def parse_document(body: bytes) -> object:
    """Read a JSON document strictly.

    Raises:
        ProtocolError: The body is not UTF-8 or not JSON, names a member twice, nests too deeply or holds NaN
            or an infinity.
    """
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"the body is not UTF-8 at byte {error.start}; send JSON encoded as UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise ProtocolError(f"the body is not JSON: {error.msg} at {where}; send a JSON object") from error
    except ValueError as error:
        raise ProtocolError("the body holds a number with too many digits; shorten it") from error
    except RecursionError as error:
        raise ProtocolError("the body is nested too deeply; a request needs four levels") from error


def read_rows(document: object, names: Sequence[str], max_rows: int) -> list[Row]:
    """Read the rows of a scoring request.

    Args:
        document: The parsed body.
        names: Field names in the contract's order, for rows that are lists of values.
        max_rows: Most rows that one request may hold.

    Returns:
        One mapping of field name to JSON value for each row, in the order they came.

    Raises:
        TooManyRowsError: There are more rows than ``max_rows``.
        ProtocolError: The document is none of the four forms.
    """
    form, content = _form(document)
    if form == "dataframe_split":
        return _split_rows(content, max_rows)
    if form == "inputs" and isinstance(content, dict):
        return _column_rows(content, max_rows)
    rows = _bounded(_list(content, form), max_rows)
    if form == "instances" and rows and isinstance(rows[0], list):
        return _value_rows(form, rows, names)
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ProtocolError(
                f"row {number} of {form} is {_kind(row)}; send an object of field names and values"
            )
    return rows


def _form(document: object) -> tuple[str, object]:
    expected = f"send an object with exactly one of {', '.join(FORMS)}"
    if not isinstance(document, dict):
        raise ProtocolError(f"the body is {_kind(document)}; {expected}")
    given = [name for name in FORMS if name in document]
    if len(given) != 1:
        raise ProtocolError(f"the body has {' and '.join(given) or 'none of the known forms'}; {expected}")
    others = [name for name in document if name not in (given[0], "params")]
    if others:
        raise ProtocolError(f"the body has a member {shown(others[0])!r} beside {given[0]}; leave it out")
    if document.get("params"):
        raise ProtocolError("this model takes no params; leave them out")
    return given[0], document[given[0]]


def _split_rows(content: object, max_rows: int) -> list[Row]:
    if not isinstance(content, dict):
        raise ProtocolError(f"dataframe_split is {_kind(content)}; send an object with columns and data")
    for name in content:
        if name not in ("columns", "data", "index"):
            raise ProtocolError(
                f"dataframe_split has a member {shown(name)!r}; send columns, data and index only"
            )
    columns = _list(content.get("columns"), "columns of dataframe_split")
    if not all(isinstance(column, str) for column in columns):
        raise ProtocolError("columns of dataframe_split holds what is not text; send field names")
    if len(set(columns)) != len(columns):
        raise ProtocolError("columns of dataframe_split names a field twice; send each field once")
    rows = _bounded(_list(content.get("data"), "data of dataframe_split"), max_rows)
    return _value_rows("dataframe_split", rows, columns)


def _value_rows(form: str, rows: Sequence[object], names: Sequence[str]) -> list[Row]:
    paired: list[Row] = []
    for number, row in enumerate(rows):
        if not isinstance(row, list):
            raise ProtocolError(f"row {number} of {form} is {_kind(row)}; send a list of values")
        if len(row) != len(names):
            raise ProtocolError(
                f"row {number} of {form} has {len(row)} values for {len(names)} fields; send one for each"
            )
        paired.append(dict(zip(names, row, strict=True)))
    return paired


def _column_rows(columns: Mapping[str, object], max_rows: int) -> list[Row]:
    if not columns:
        raise ProtocolError("inputs names no field; send a list of values for each field")
    values = [_list(column, f"column {shown(name)!r} of inputs") for name, column in columns.items()]
    lengths = {len(column) for column in values}
    if len(lengths) != 1:
        raise ProtocolError(
            f"the columns of inputs have between {min(lengths)} and {max(lengths)} values; send equally many"
        )
    _bounded(values[0], max_rows)
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _bounded(rows: list[Any], max_rows: int) -> list[Any]:
    if len(rows) > max_rows:
        raise TooManyRowsError(
            f"the request has {len(rows)} rows; send at most {max_rows} at once, the rest in further requests"
        )
    return rows


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ProtocolError(f"{what} is {_kind(value)}; send a list")
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


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ProtocolError(f"the body names {shown(name)!r} twice in one object; send it once")
        seen.add(name)
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ProtocolError(f"the body holds {name}, which is not JSON; send null where a value is missing")
