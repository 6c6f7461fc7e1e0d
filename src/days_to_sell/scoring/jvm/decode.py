"""MLeap's binary leap frames as rows: a batch leaves the JVM as one array of bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from days_to_sell.scoring.jvm.fields import CODES, Field

# A value and the offset behind it.
Read = Callable[[bytes, int], tuple[Any, int]]
_INT = struct.Struct(">i")
_TENSOR = struct.Struct(">HH")
_INDEX = struct.Struct(">H")
_SPARSE = 1


class RowDecoder:
    """Reads rows as the runtime's writer writes them: their position, then the columns.

    Args:
        fields: The columns, those of fixed size first.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        fixed = [field for field in fields if field.fixed]
        self._fixed = struct.Struct(">i" + "".join(CODES[field.base] for field in fixed))
        # Whole numbers and flags count as numbers like any other.
        self._casts = tuple(n for n, field in enumerate(fixed, start=1) if field.base != "double")
        self._reads = tuple(_reader(field) for field in fields[len(fixed) :])

    def decode(self, content: bytes, count: int) -> Iterator[list[Any]]:
        """Give each row's position and its values, in the order of the fields."""
        if not self._reads and not self._casts:
            yield from map(list, self._fixed.iter_unpack(content))
            return
        offset = 0
        for _ in range(count):
            values: list[Any] = list(self._fixed.unpack_from(content, offset))
            offset += self._fixed.size
            for place in self._casts:
                values[place] = float(values[place])
            for read in self._reads:
                value, offset = read(content, offset)
                values.append(value)
            yield values


def _reader(field: Field) -> Read:
    element = _read_text if field.base == "string" else _number_reader(CODES[field.base])
    if field.shape == "list":
        read = _list_reader(element)
    elif field.shape == "scalar":
        read = element
    else:
        read = _tensor_reader(field.base)
    return _nullable(read) if field.nullable else read


def _nullable(read: Read) -> Read:
    def read_flagged(content: bytes, offset: int) -> tuple[Any, int]:
        return read(content, offset + 1) if content[offset] else (None, offset + 1)

    return read_flagged


def _number_reader(code: str) -> Read:
    packed = struct.Struct(f">{code}")

    def read(content: bytes, offset: int) -> tuple[Any, int]:
        return float(packed.unpack_from(content, offset)[0]), offset + packed.size

    return read


def _read_text(content: bytes, offset: int) -> tuple[Any, int]:
    start = offset + _INT.size
    end = start + _INT.unpack_from(content, offset)[0]
    return content[start:end].decode("utf-8"), end


def _list_reader(element: Read) -> Read:
    def read(content: bytes, offset: int) -> tuple[Any, int]:
        found = []
        (length,) = _INT.unpack_from(content, offset)
        offset += _INT.size
        for _ in range(length):
            value, offset = element(content, offset)
            found.append(value)
        return found, offset

    return read


def _tensor_reader(base: str) -> Read:
    def read(content: bytes, offset: int) -> tuple[Any, int]:
        kind, rank = _TENSOR.unpack_from(content, offset)
        offset += _TENSOR.size
        (*shape, size) = struct.unpack_from(f">{rank + 1}i", content, offset)
        offset += (rank + 1) * _INT.size
        values, offset = _elements(content, offset, base, size)
        return _dense(content, offset, shape, values) if kind == _SPARSE else (values, offset)

    return read


def _elements(content: bytes, offset: int, base: str, size: int) -> tuple[list[Any], int]:
    if base == "string":
        texts = []
        for _ in range(size):
            text, offset = _read_text(content, offset)
            texts.append(text)
        return texts, offset
    packed = f">{size}{CODES[base]}"
    numbers = struct.unpack_from(packed, content, offset)
    return (list(numbers) if base == "double" else list(map(float, numbers))), offset + struct.calcsize(
        packed
    )


def _dense(content: bytes, offset: int, shape: Sequence[int], values: list[Any]) -> tuple[Any, int]:
    """Spread the values of a sparse tensor, whose indices follow them, over all elements."""
    total = 1
    for size in shape:
        total *= size
    (count,) = _INT.unpack_from(content, offset)
    offset += _INT.size
    dense: list[Any] = ["" if values and isinstance(values[0], str) else 0.0] * total
    index = struct.Struct(f">H{len(shape)}i")
    for value in values[:count]:
        (_, *place) = index.unpack_from(content, offset)
        offset += index.size
        flat = 0
        for size, part in zip(shape, place, strict=True):
            flat = flat * size + part
        dense[flat] = value
    return dense, offset
