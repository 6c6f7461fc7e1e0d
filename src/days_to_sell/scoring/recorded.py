"""What a pipeline wrote between its stages, as JSON values that lose nothing.

number         42.5, or {"number": "NaN"}, "Infinity", "-Infinity", which JSON does not know
text           "diesel", or null
vector         [1.0, 0.0], elements that JSON does not know as in "NaN"
sparse vector  {"size": 300, "at": [12, 40], "values": [1.0, 1.0]}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# Vectors wider than this are no help to a reader: an untrusted size is not multiplied out.
MAX_WIDTH = 1_000_000


def encode(value: Any) -> Any:
    """Give the JSON value of what a column holds: a float, a text, None, or a list of floats."""
    if isinstance(value, list):
        return _encode_vector(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": _number(value)}
    return value


def decode(value: Any) -> Any:
    """Give back what was encoded.

    Raises:
        ValueError: Nothing is encoded so.
    """
    match value:
        case None | str() | float():
            return value
        case int() if not isinstance(value, bool):
            return float(value)
        case list():
            return list(map(_decode_number, value))
        case {"number": str(text)}:
            return float(text)
        case {"size": int(size), "at": list(places), "values": list(values)} if 0 <= size <= MAX_WIDTH:
            vector = [0.0] * size
            for place, each in zip(places, values, strict=True):
                if type(place) is not int or not 0 <= place < size:
                    raise ValueError(f"element {place!r:.20} of a vector of {size}")
                vector[place] = _decode_number(each)
            return vector
    raise ValueError(f"{value!r:.60} is not the value of a column")


def decode_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Give back the values of several columns."""
    return {str(name): decode(value) for name, value in columns.items()}


def _encode_vector(vector: list[float]) -> Any:
    # Negative zero is a value of its own: it falls into another bucket.
    places = [place for place, each in enumerate(vector) if each != 0.0 or math.copysign(1.0, each) < 0.0]
    if 2 * len(places) >= len(vector):
        return [_number(each) for each in vector]
    return {"size": len(vector), "at": places, "values": [_number(vector[place]) for place in places]}


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0.0 else "-Infinity"


def _decode_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r:.60} is not a number")
    return float(value)
