"""Loads and scores the bundles that it is told of, in a process of its own with little memory.

It reads a path a line and answers each with one JSON object, ``outcome`` and ``detail``. Whatever is neither
an answer nor an error of the toolkit is the outcome ``raised``.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.kinds import Kind

NUMBERS = (1.0, None, -0.0, -1e308, math.nan, math.inf, 3)
TEXTS = ("a", None, "", "é")
# Enough that they are scored as a batch, too.
BATCH = 40


def rows_for(bundle: Bundle) -> Iterator[dict[str, Any]]:
    """Give rows that fit a bundle, and one that does not."""
    for number in range(len(NUMBERS)):
        yield {
            column: _value(kind, number + place) for place, (column, kind) in enumerate(bundle.inputs.items())
        }
    yield {}


def _value(kind: Kind, number: int) -> Any:
    value = NUMBERS[number % len(NUMBERS)]
    if kind.name == "vector":
        return [value] * (max(kind.least, 1) if kind.width is None else kind.width)
    return TEXTS[number % len(TEXTS)] if kind.name == "string" else value


def outcome_of(path: Path) -> tuple[str, str]:
    """Load and score one bundle.

    Returns:
        ``refused`` with the reason, or ``scored``.
    """
    try:
        bundle = load_bundle(path)
    except BundleError as error:
        return "refused", str(error)
    rows = list(rows_for(bundle))
    for row in rows:
        try:
            bundle.transform_row(row)
        except ScoringError:
            continue
    bundle.transform_each((rows * BATCH)[:BATCH])
    return "scored", ""


def main(memory: int) -> None:
    """Answer until there is nothing more to read.

    Args:
        memory: Bytes of address space.
    """
    # NumPy is loaded before, as its libraries reserve more than they use.
    import numpy  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for line in sys.stdin:
        try:
            outcome, detail = outcome_of(Path(line.rstrip("\n")))
        except BaseException:
            outcome, detail = "raised", traceback.format_exc()
        print(json.dumps({"outcome": outcome, "detail": detail}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
