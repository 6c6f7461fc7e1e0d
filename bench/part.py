"""What a part of the benchmarks is given, and what it gives back.

A part is a module of this package with one function, ``run(task: Task) -> Findings``; its name stands in
``PARTS`` of ``bench/__main__.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Task:
    """One run of a part.

    Args:
        folder: Empty folder for its files, deleted afterwards.
        adverts: Adverts of its largest lake; the part's own choice when None.
        data: File that the example of another model imports, where one is given.
        report: Takes lines of progress.
    """

    folder: Path
    adverts: int | None
    data: Path | None
    report: Callable[[str], None]


@dataclass(frozen=True)
class Findings:
    """What a part found.

    Args:
        figures: Numbers and texts for the summary, with units in their names.
        lines: The same for people: tables, and sentences on what they show.
        missed: A sentence for each target that was not reached.
    """

    figures: Mapping[str, Any]
    lines: Sequence[str]
    missed: Sequence[str] = ()


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out a table: the first column to the left, numbers to the right.

    Example:
        >>> table(("engine", "s"), [("Spark", "11.5")])
        ['engine     s', 'Spark   11.5']
    """
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in (header, *rows)
    ]
