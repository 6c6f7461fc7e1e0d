"""What a caller asks for beside numbers, in the query of the address."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl

from days_to_sell.spec.contract import shown
from serving.problems import MALFORMED_REQUEST, RequestError

MEANINGS = {"true": True, "1": True, "": True, "false": False, "0": False}


class Options(NamedTuple):
    """How a request wants to be answered.

    Args:
        partial: Whether rows that can be scored are answered although others cannot.
        explain: Whether the reply says what answered, how sure it is and what was unusual.
    """

    partial: bool = False
    explain: bool = False


PLAIN = Options()


def read_options(query: str, *, allow_unknown: bool) -> Options:
    """Read the query of a scoring request.

    >>> read_options("partial=true", allow_unknown=False)
    Options(partial=True, explain=False)

    Args:
        query: The part of the address after the question mark.
        allow_unknown: Whether options beyond the known ones are passed over instead of refused.

    Raises:
        RequestError: An option is unknown, given twice, or neither true nor false.
    """
    if not query:
        return PLAIN
    chosen: dict[str, bool] = {}
    for name, value in _pairs(query):
        if name not in Options._fields:
            if allow_unknown:
                continue
            raise _refused(f"the address has an option {shown(name)!r}", "send partial or explain")
        meaning = MEANINGS.get(value.lower())
        if meaning is None:
            raise _refused(f"{name} is {shown(value)!r}", "send true or false")
        if name in chosen:
            raise _refused(f"the address names {name} twice", "send it once")
        chosen[name] = meaning
    return Options(**chosen)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=10, errors="replace")
    except ValueError:
        raise _refused("the address has too many options", "send partial or explain") from None


def _refused(found: str, remedy: str) -> RequestError:
    return RequestError(MALFORMED_REQUEST, f"{found}; {remedy}")
