"""The columns of a leap frame, MLeap's table, as its runtime declares them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from days_to_sell.errors import BundleError
from days_to_sell.scoring.kinds import BOOLEAN, NUMBER, STRING, Kind

# How MLeap's binary format writes each of its basic types, as codes of the struct module.
CODES = {"boolean": "?", "byte": "b", "short": "h", "int": "i", "long": "q", "float": "f", "double": "d"}


@dataclass(frozen=True)
class Field:
    """One column.

    Args:
        name: Its name.
        shape: ``scalar``, ``tensor`` or ``list``.
        base: MLeap's basic type of its elements.
        nullable: Whether a value may be null.
        width: Length of a tensor, where it is known.
    """

    name: str
    shape: str
    base: str
    nullable: bool = True
    width: int | None = None

    @property
    def kind(self) -> Kind:
        """What the column holds."""
        if self.shape == "scalar":
            return {"string": STRING, "boolean": BOOLEAN}.get(self.base, NUMBER)
        return Kind("vector", self.width) if self.shape == "tensor" else Kind(self.shape)

    @property
    def fixed(self) -> bool:
        """Whether every value takes the same number of bytes."""
        return self.shape == "scalar" and self.base != "string" and not self.nullable


def read_field(declared: Any) -> Field:
    """Read what MLeap declares of a column.

    Raises:
        BundleError: It holds what cannot cross the border to Python: a map, or bytes.
    """
    name, kind = str(declared.name()), declared.dataType()
    shape, base = str(kind.simpleString()), str(kind.base().toString())
    if shape not in ("scalar", "tensor", "list") or base not in (*CODES, "string"):
        raise BundleError(f"column {name!r} holds a {shape} of {base}, which this engine does not pass on")
    width = None
    if shape == "tensor" and kind.dimensions().isDefined():
        size = str(kind.dimensions().get().mkString(" "))
        # A tensor of several dimensions has several, and -1 stands for any.
        width = int(size) if size.isdecimal() else None
    return Field(name, shape, base, bool(kind.isNullable()), width)


def fixed_first(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Order columns so that those of fixed size come first and are read or written in one go."""
    return tuple(sorted(fields, key=lambda field: not field.fixed))
