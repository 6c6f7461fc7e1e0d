"""A few questions to the service: golden cars at several prices, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests

from days_to_sell.errors import TargetError
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.spec import RequestContract

CARS = 4
FACTORS = (0.90, 0.95, 1.00, 1.05, 1.10)
ANSWER_SECONDS = 30
LABEL_FIELDS, LABEL_WIDTH = 4, 52


@dataclass(frozen=True)
class Answer:
    """What the service says of one row at several values of one column.

    Args:
        row: The raw row as it was.
        column: The varied column.
        days: Factor on that column to expected days.
    """

    row: dict[str, Any]
    column: str
    days: dict[float, float]


def ask(url: str, golden: Sequence[GoldenRow], column: str | None) -> list[Answer]:
    """Ask about a few golden rows, with ``column`` at several multiples of its value.

    Raises:
        TargetError: The service does not answer, or refuses.
    """
    if column is None:
        return []
    rows = [dict(row.input) for row in golden if row.kind == "sample" and row.input.get(column)][:CARS]
    answers = []
    for row in rows:
        varied = [{**row, column: round(row[column] * factor)} for factor in FACTORS]
        predictions = _invoke(url, varied)
        answers.append(Answer(row, column, dict(zip(FACTORS, predictions, strict=True))))
    return answers


def to_table(answers: Sequence[Answer], contract: RequestContract) -> str:
    """Write answers as a table: a line a row, a column a multiple."""
    if not answers:
        return "(this model names no column to vary)"
    column = answers[0].column
    texts = [field.column.name for field in contract.fields if field.categories][:LABEL_FIELDS]
    heads = "".join(f"{f'{factor - 1:+.0%}' if factor != 1 else 'as is':>9}" for factor in FACTORS)
    lines = [f"{'expected days, by ' + column:<{LABEL_WIDTH}}{column:>14}{heads}"]
    for answer in answers:
        label = ", ".join(str(answer.row[name]) for name in texts if answer.row.get(name))
        days = "".join(f"{value:>9.1f}" for value in answer.days.values())
        lines.append(f"{label[: LABEL_WIDTH - 2]:<{LABEL_WIDTH}}{answer.row[column]:>14,.0f}{days}")
    return "\n".join(lines)


def _invoke(url: str, rows: list[dict[str, Any]]) -> list[float]:
    try:
        answer = requests.post(f"{url}/invocations", json={"dataframe_records": rows}, timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        predictions: list[float] = answer.json()["predictions"]
        return predictions
    except (requests.RequestException, KeyError, ValueError) as error:
        raise TargetError(f"{url} does not answer as it should: {error}") from error
