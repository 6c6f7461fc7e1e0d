"""What an engine answers to rows, and what is made of it the same way by every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from days_to_sell.errors import BundleError, ScoringError

Row: TypeAlias = dict[str, Any]
# The answer, why there is none, or None for a row that the pipeline drops.
Answer: TypeAlias = Row | ScoringError | None
Score: TypeAlias = Callable[[Mapping[str, Any]], Row | None]


def attempt(score: Score, row: Mapping[str, Any]) -> Answer:
    """Score one row, with its error as the answer where it is refused."""
    try:
        return score(row)
    except ScoringError as error:
        return error


def without_dropped(answers: list[Answer]) -> list[Row]:
    """Give the answers to the rows that were not dropped.

    Raises:
        ScoringError: A row was refused; the message begins with its position, counted from 0.
    """
    # Almost always every row has its answer, which is told for a whole list faster than for each row.
    if set(map(type, answers)) == {dict}:
        return cast(list[Row], answers)
    kept = []
    for position, answer in enumerate(answers):
        if isinstance(answer, ScoringError):
            raise ScoringError(f"row {position}: {answer}") from answer
        if answer is not None:
            kept.append(answer)
    return kept


def require_columns(columns: Sequence[str], written: Iterable[str]) -> None:
    """Refuse to be asked for columns that a pipeline does not write.

    Raises:
        BundleError: Names them, and those that it writes.
    """
    known = list(written)
    unknown = sorted(set(columns) - set(known))
    if unknown:
        raise BundleError(f"the pipeline writes no {', '.join(unknown)}; it writes {', '.join(known)}")
