"""What columns hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What a column holds.

    Args:
        name: ``number``, ``boolean``, which is a number too, ``string`` or ``vector``.
        width: Length of a vector; None where any length will do.
        least: Length that a vector has at least, where any longer one will do.
    """

    name: str
    width: int | None = None
    least: int = 0

    def __str__(self) -> str:
        return self.name if self.width is None else f"{self.name} of {self.width}"

    def accepts(self, other: Kind) -> bool:
        """Whether a reader of this kind can read a column of kind ``other``."""
        if self.name != other.name or self.width not in (None, other.width):
            return self == NUMBER and other == BOOLEAN
        return max(other.least, other.width or 0) >= self.least


NUMBER, BOOLEAN, STRING = Kind("number"), Kind("boolean"), Kind("string")
