"""Values from outside as what the pipeline computes with."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.kinds import Kind


def reader(column: str, kind: Kind) -> Callable[[Any], Any]:
    """Make the function that reads the values of a column.

    A number becomes a float and null becomes NaN, as every engine is to see it; text and null stay.

    Args:
        column: Name of the column, for the message.
        kind: What the pipeline reads it as.
    """

    def read_number(value: Any) -> float:
        if type(value) is float:
            return value
        if value is None:
            return math.nan
        if value is not True and value is not False and isinstance(value, Real):
            try:
                return float(value)
            except OverflowError:
                raise refusal("a number that fits a double", value) from None
        raise refusal("a number or null", value)

    def read_boolean(value: Any) -> float:
        if value is True or value is False:
            return float(value)
        if value is None or (isinstance(value, Real) and value in (0, 1)):
            return read_number(value)
        raise refusal("true, false or null", value)

    def read_string(value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        raise refusal("text or null", value)

    def read_vector(value: Any) -> list[float]:
        if (
            not isinstance(value, list | tuple)
            or kind.width not in (None, len(value))
            or len(value) < kind.least
        ):
            raise refusal(f"a list of {_length(kind)}numbers", value)
        return [read_number(each) for each in value]

    def refusal(due: str, value: Any) -> ScoringError:
        return ScoringError(f"column {column!r} must hold {due}, got {value!r:.60} ({type(value).__name__})")

    readers: dict[str, Callable[[Any], Any]] = {
        "boolean": read_boolean,
        "number": read_number,
        "string": read_string,
        "vector": read_vector,
    }
    return readers[kind.name]


def _length(kind: Kind) -> str:
    if kind.width is not None:
        return f"{kind.width} "
    return f"at least {kind.least} " if kind.least else ""
