"""Rows as MLeap's binary leap frames: a batch crosses into the JVM as one array of bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.jvm.fields import Field
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

    Numbers come first and as doubles, whatever the pipeline declares: the runtime casts.

    Args:
        inputs: The columns that the pipeline reads, as it declares them.
    """

    def __init__(self, inputs: Sequence[Field]) -> None:
        self.names = tuple(field.name for field in inputs)
        numbers = [field for field in inputs if field.kind == NUMBER]
        others = [field for field in inputs if field.kind != NUMBER]
        # Every column is declared nullable: MLeap reads a null in any other as 0.
        self.fields = (
            *(Field(field.name, "scalar", "double") for field in numbers),
            *(Field(field.name, field.shape, field.base, width=field.width) for field in others),
        )
        self._numbers = tuple((field.name, _number_reader(field)) for field in numbers)
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


def _number_reader(field: Field) -> Callable[[Any], float]:
    """Choose how a number for a column is read: MLeap would cut NaN and fractions to a whole number."""
    read = reader(field.name, NUMBER)
    if field.base in ("float", "double"):
        return read

    def read_whole(value: Any) -> float:
        number = float(value) if field.base == "boolean" and isinstance(value, bool) else read(value)
        if not number.is_integer() or (field.base == "boolean" and number not in (0.0, 1.0)):
            due = "true or false" if field.base == "boolean" else "a whole number"
            raise ScoringError(f"column {field.name!r} must hold {due}, got {value!r:.60}")
        return number

    return read_whole


def _writer(field: Field) -> Write:
    read = reader(field.name, field.kind)

    def write_text(value: Any) -> bytes:
        text = read(value)
        if text is None:
            return _NULL
        # Half of a surrogate pair is no text to Java, and so no category that it knows.
        encoded: bytes = text.encode("utf-8", "surrogatepass")
        return _TEXT.pack(True, len(encoded)) + encoded

    def write_vector(value: Any) -> bytes:
        numbers = read(value)
        size = len(numbers)
        return _TENSOR.pack(True, 0, 1, size, size) + struct.pack(f">{size}d", *numbers)

    return write_text if field.shape == "scalar" else write_vector
