"""The attributes of an MLeap model: its own JSON encoding of typed values.

    scalar  {"double": 0.5}, or {} if it equals the default of its type
    list    {"double": [0.5, 1.5], "type": "list"}
    tensor  {"double": [0.5, 1.5], "shape": {"dimensions": [{"size": 2}]}, "type": "tensor"}

NaN and the infinities are written as null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, TypeVar

from days_to_sell.errors import BundleError

T = TypeVar("T")

# Tensors of more values than this are no model: a list of them is refused before it is multiplied out.
_MAX_SIZE = 10_000_000


class Attributes:
    """Typed access to the attributes of one model; every wrong value is refused by name.

    Args:
        values: The ``attributes`` object of a ``model.json``.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def double(self, name: str) -> float:
        """Read a finite number."""
        return self._finite(self._scalar(name, "double", 0.0), name)

    def double_or_infinity(self, name: str) -> float:
        """Read a finite number, or infinity, stored as null."""
        value = self._scalar(name, "double", 0.0)
        return math.inf if value is None else self._finite(value, name)

    def long(self, name: str) -> int:
        """Read a whole number that is not negative."""
        return self._whole(self._scalar(name, "long", 0), name)

    def integer(self, name: str) -> int:
        """Read a whole number that is not negative, stored as MLeap's type ``int``."""
        return self._whole(self._scalar(name, "int", 0), name)

    def boolean(self, name: str) -> bool:
        """Read a truth value."""
        value = self._scalar(name, "boolean", False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def string(self, name: str) -> str:
        """Read a text."""
        return self._text(self._scalar(name, "string", ""), name)

    def choice(
        self, name: str, options: Mapping[str, T], default: str | None = None, *, any_case: bool = False
    ) -> T:
        """Read a text that names one of ``options``.

        Args:
            name: The attribute.
            options: What may be named.
            default: The name taken where the attribute is absent.
            any_case: Whether a name in capitals is the same name.
        """
        found = default if default is not None and name not in self else self.string(name)
        chosen = found.lower() if any_case else found
        if chosen not in options:
            raise BundleError(f"attribute {name!r} is {found!r}; supported are {', '.join(sorted(options))}")
        return options[chosen]

    def doubles(self, name: str) -> tuple[float, ...]:
        """Read a list of finite numbers."""
        return tuple(self._finite(value, name) for value in self._list(name, "double"))

    def edges(self, name: str) -> tuple[float, ...]:
        """Read an ascending list of numbers whose ends may be infinite, stored as null."""
        values = list(self._list(name, "double"))
        if values and values[0] is None:
            values[0] = -math.inf
        if len(values) > 1 and values[-1] is None:
            values[-1] = math.inf
        ends = (-math.inf, math.inf)
        numbers = tuple(v if v in ends else self._finite(v, name) for v in values)
        return self.ascending(numbers, name)

    def ascending(self, values: tuple[float, ...], name: str) -> tuple[float, ...]:
        """Check that there are numbers and that each is greater than the one before it."""
        if not values or any(a >= b for a, b in pairwise(values)):
            raise self._wrong(name, "numbers, each greater than the one before", list(values))
        return values

    def longs(self, name: str, kind: Literal["int", "long"] = "int") -> tuple[int, ...]:
        """Read a list of whole numbers that are not negative, stored as MLeap's type ``kind``."""
        return tuple(self._whole(value, name) for value in self._list(name, kind))

    def strings(self, name: str) -> tuple[str, ...]:
        """Read a list of texts."""
        return tuple(self._text(value, name) for value in self._list(name, "string"))

    def basic_types(self, name: str) -> tuple[str, ...]:
        """Read a list of MLeap's names of types."""
        return tuple(self._text(value, name) for value in self._list(name, "basic_type"))

    def vector(self, name: str) -> tuple[float, ...]:
        """Read a dense tensor of one dimension of finite numbers."""
        return self._vector(name, self._entry(name))

    def vectors(self, name: str) -> tuple[tuple[float, ...], ...]:
        """Read a list of dense tensors of one dimension of finite numbers."""
        return tuple(
            self._vector(name, self._object(name, each) | {"type": "tensor"})
            for each in self._list(name, "tensor")
        )

    def matrix(self, name: str) -> tuple[tuple[float, ...], ...]:
        """Read the rows of a dense tensor of two dimensions of finite numbers, stored column by column."""
        values, sizes = self._tensor(name, self._entry(name))
        if len(sizes) != 2 or sizes[0] * sizes[1] != len(values) or not values:
            raise self._wrong(name, "a dense matrix of doubles", self._entry(name))
        return tuple(values[row :: sizes[0]] for row in range(sizes[0]))

    def _vector(self, name: str, tensor: dict[str, Any]) -> tuple[float, ...]:
        values, sizes = self._tensor(name, tensor)
        if sizes != [len(values)]:
            raise self._wrong(name, "a dense vector of doubles", tensor)
        return values

    def _tensor(self, name: str, tensor: dict[str, Any]) -> tuple[tuple[float, ...], list[int]]:
        values = tensor.get("double")
        sizes = self._dimensions(name, tensor.get("shape"))
        if tensor.get("type") != "tensor" or not isinstance(values, list):
            raise self._wrong(name, "a dense tensor of doubles", tensor)
        return tuple(self._finite(value, name) for value in values), sizes

    def width(self, name: str) -> int | None:
        """Read a data shape: None for a scalar, the length for a vector."""
        return self._width(name, self._scalar(name, "data_shape", None))

    def widths(self, name: str) -> tuple[int | None, ...]:
        """Read a list of data shapes: None for a scalar, the length for a vector."""
        return tuple(self._width(name, shape) for shape in self._list(name, "data_shape"))

    def _width(self, name: str, shape: Any) -> int | None:
        base = self._object(name, shape).get("base")
        if base == "scalar":
            return None
        sizes = self._dimensions(name, shape.get("tensorShape"))
        if base != "tensor" or len(sizes) != 1:
            raise self._wrong(name, "scalars and vectors", shape)
        return sizes[0]

    def _dimensions(self, name: str, shape: Any) -> list[int]:
        dimensions = shape.get("dimensions") if isinstance(shape, dict) else None
        if not isinstance(dimensions, list):
            raise self._wrong(name, "a shape with dimensions", shape)
        return [self._whole(self._object(name, each).get("size"), name) for each in dimensions]

    def _scalar(self, name: str, kind: str, default: Any) -> Any:
        entry = self._entry(name)
        if entry.keys() - {kind}:
            raise self._wrong(name, f"one {kind}", entry)
        return entry.get(kind, default)

    def _list(self, name: str, kind: str) -> list[Any]:
        entry = self._entry(name)
        values = entry.get(kind, [])
        if entry.get("type") != "list" or entry.keys() - {kind, "type"} or not isinstance(values, list):
            raise self._wrong(name, f"a list of {kind} values", entry)
        return values

    def _entry(self, name: str) -> dict[str, Any]:
        if name not in self._values:
            raise BundleError(f"attribute {name!r} is missing")
        return self._object(name, self._values[name])

    def _object(self, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        return value

    def _finite(self, value: Any, name: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise self._wrong(name, "finite numbers", value)
        return float(value)

    def _whole(self, value: Any, name: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_SIZE:
            raise self._wrong(name, f"whole numbers from 0 to {_MAX_SIZE}", value)
        return value

    def _text(self, value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise self._wrong(name, "text", value)
        return value

    def _wrong(self, name: str, due: str, found: Any) -> BundleError:
        shown = repr(found)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        return BundleError(f"attribute {name!r} must hold {due}, found {shown}")


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
