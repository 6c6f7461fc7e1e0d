"""Numbers as the text that Java writes for them, by which Spark tells categories of numeric columns apart."""

from __future__ import annotations

import math
from decimal import Decimal

# Doubles tell every whole number up to here from its neighbours.
LARGEST_WHOLE = 2.0**53


def double_text(number: float) -> str:
    """Write a double as Java's ``Double.toString`` does.

    Java before 19 writes a few with a digit more than tells them apart, 2.0 ** -44 for one.

    >>> [double_text(x) for x in (1.0, -0.0, 1e7, 0.00012, 5e-324)]
    ['1.0', '-0.0', '1.0E7', '1.2E-4', '4.9E-324']
    """
    if number != number:
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0.0 else "-Infinity"
    if number == 0.0 or 1e-3 <= abs(number) < 1e7:
        # Python writes the same digits, and none of these with an exponent.
        return repr(number)
    shortest = Decimal(repr(number)).normalize()
    if len(shortest.as_tuple().digits) == 1:
        # Two digits at least, and of those that read the same the nearest.
        shortest = Decimal(f"{number:.1e}")
    return f"{shortest:E}".replace("E+", "E")


def whole_text(number: float) -> str | None:
    """Write a whole number as Java writes an integer; None for NaN, which stands for null."""
    return None if number != number else f"{number:.0f}"


def is_whole(number: float) -> bool:
    """Whether a double is a whole number that no other could have become, or NaN, which stands for null."""
    return number != number or (abs(number) <= LARGEST_WHOLE and number.is_integer())
