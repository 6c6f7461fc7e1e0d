"""Rows as MLeap's binary leap frames: a batch crosses into the JVM as one array of bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.jvm.fields import CODES, Field
from days_to_sell.scoring.kinds import NUMBER
from days_to_sell.scoring.rows.readers import reader
from days_to_sell.scoring.rows.runtime import lacking

Write = Callable[[Any], bytes]
_NULL = b"\0"
# Not null, and how many bytes of text follow.
_TEXT = struct.Struct(">?i")
# Not null, dense, one dimension, its size, and once more the number of values.
_TENSOR = struct.Struct(">?HHii")


class RowEncoder:
    """Writes rows as the runtime reads them: their position, then the columns.

    Fractions come first, which are most of a row and all of one size.

    Args:
        inputs: The columns that the pipeline reads, as it declares them.
    """

    def __init__(self, inputs: Sequence[Field]) -> None:
        self.names = tuple(field.name for field in inputs)
        numbers = [field for field in inputs if field.shape == "scalar" and field.base in ("float", "double")]
        others = [field for field in inputs if field not in numbers]
        # Every column is declared nullable: MLeap reads a null in any other as 0.
        self.fields = (
            *(Field(field.name, "scalar", "double") for field in numbers),
            *(Field(field.name, field.shape, field.base, width=field.width) for field in others),
        )
        self._numbers = tuple((field.name, reader(field.name, NUMBER)) for field in numbers)
        self._others = tuple((field.name, _writer(field)) for field in others)
        self._fixed = struct.Struct(">i" + "?d" * len(numbers))

    def encode(self, row: Mapping[str, Any], position: int = 0) -> bytes:
        """Write one row.

        Raises:
            ScoringError: It lacks a column, or a column holds something else than is due.
        """
        values: list[Any] = [position]
        try:
            for name, read in self._numbers:
                values += (True, read(row[name]))
            parts = [self._fixed.pack(*values)]
            for name, write in self._others:
                parts.append(write(row[name]))
        except KeyError:
            raise lacking(row, self.names) from None
        return b"".join(parts)


def _writer(field: Field) -> Write:
    if field.shape == "tensor":
        return _vector_writer(field)
    return _text_writer(field) if field.base == "string" else _whole_writer(field)


def _text_writer(field: Field) -> Write:
    read = reader(field.name, field.kind)

    def write(value: Any) -> bytes:
        text = read(value)
        if text is None:
            return _NULL
        # Half of a surrogate pair is no text to Java, and so no category that it knows.
        encoded: bytes = text.encode("utf-8", "surrogatepass")
        return _TEXT.pack(True, len(encoded)) + encoded

    return write


def _vector_writer(field: Field) -> Write:
    read = reader(field.name, field.kind)

    def write(value: Any) -> bytes:
        numbers = read(value)
        size = len(numbers)
        return _TENSOR.pack(True, 0, 1, size, size) + struct.pack(f">{size}d", *numbers)

    return write


def _whole_writer(field: Field) -> Write:
    """Write whole numbers and truth values as they are declared.

    A null truth is one of its own, as a null text is. A null number is NaN, which is no whole number.
    """
    read, packed = reader(field.name, field.kind), struct.Struct(f">?{CODES[field.base]}")

    def write(value: Any) -> bytes:
        number = read(value)
        if number != number and field.base == "boolean":
            return _NULL
        try:
            # What would be cut to a whole number silently is none.
            if number.is_integer():
                return packed.pack(True, int(number))
        except struct.error:
            pass
        raise ScoringError(
            f"column {field.name!r} must hold a whole number of type {field.base}, got {value!r:.60}"
        )

    return write
