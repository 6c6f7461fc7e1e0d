"""JSON read strictly: what it could mean in two ways is refused."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any, NoReturn

from days_to_sell.spec.contract import shown
from serving.problems import MALFORMED_REQUEST, RequestError


def parse_document(body: bytes) -> object:
    """Read a JSON document strictly.

    Args:
        body: The document, UTF-8 with or without a byte order mark.

    Raises:
        RequestError: The body is not UTF-8 or not JSON, names a member twice, nests too deeply or holds NaN
            or an infinity.
    """
    try:
        return STRICT.decode(body.removeprefix(BOM_UTF8).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RequestError(
            MALFORMED_REQUEST, f"the body is not UTF-8 at byte {error.start}; send JSON encoded as UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise RequestError(
            MALFORMED_REQUEST, f"the body is not JSON: {error.msg} at {where}; send a JSON object"
        ) from error
    except ValueError as error:
        raise RequestError(
            MALFORMED_REQUEST, "the body holds a number with too many digits; shorten it"
        ) from error
    except RecursionError as error:
        raise RequestError(
            MALFORMED_REQUEST, "the body is nested too deeply; a request needs four levels"
        ) from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise RequestError(
                MALFORMED_REQUEST, f"the body names {shown(name)!r} twice in one object; send it once"
            )
        seen.add(name)
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise RequestError(
        MALFORMED_REQUEST, f"the body holds {name}, which is not JSON; send null where a value is missing"
    )


# json.loads would make one for every document, which takes longer than to read a row.
STRICT = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
