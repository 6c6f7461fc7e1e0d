"""Examples that are true: golden rows with Spark's answers, in replies by the code that writes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Refusal
from days_to_sell.settings import Settings
from serving.answers import Answers
from serving.openapi.rows import Schema
from serving.problems import INVALID_ROWS, UNANSWERABLE, ProblemKind, problem
from serving.protocol import PLAIN, Options

SHOWN = 2
REQUEST_ID = "order-17"
Row = Mapping[str, Any]


class Examples:
    """Requests of the first golden rows, and the replies to them.

    Args:
        package: Its golden rows and contract.
        settings: The version that answers.
    """

    def __init__(self, package: ModelPackage, settings: Settings) -> None:
        self._contract, self._answers = package.contract, Answers(package, settings)
        self._golden: Sequence[GoldenRow] = [row for row in package.golden if row.kind == "sample"][:SHOWN]
        example = {field.column.name: field.example for field in package.contract.fields}
        self._rows: Sequence[Row] = [row.input for row in self._golden] or [example]

    def forms(self) -> Schema:
        """One request in each of the forms."""
        names = self._contract.names
        rows = [{name: row.get(name) for name in names} for row in self._rows]
        values = [list(row.values()) for row in rows]
        return {
            "dataframe_records": rows,
            "dataframe_split": {"columns": list(names), "data": values},
            "instances": values,
            "inputs": {name: [row[name] for row in rows] for name in names},
        }

    def csv(self) -> str:
        """The same request as CSV."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self._contract.names)
        writer.writerows([row.get(name) for name in self._contract.names] for row in self._rows)
        return out.getvalue()

    def replies(self) -> Schema:
        """Spark's answers to it, plain and with options; none where there are no golden rows."""
        if not self._golden:
            return {}
        rows, days = self._rows, [row.days for row in self._golden]
        bad_row, refusal = self._broken()
        return {
            "plain": {"summary": "As MLflow answers", "value": self._reply(rows, days)},
            "explain": {
                "summary": "With ?explain=true",
                "value": self._reply(rows, days, Options(explain=True)),
            },
            "partial": {
                "summary": "With ?partial=true, and a second row that breaks the contract",
                "value": self._reply([rows[0], bad_row], [days[0], refusal], Options(partial=True)),
            },
        }

    def problem(self, kind: ProblemKind) -> Schema:
        """A problem document of a kind."""
        if kind is INVALID_ROWS:
            row, refusal = self._broken()
            return self._reply([row], [refusal])
        detail = UNANSWERABLE if kind.status == 500 else kind.title
        document: Schema = json.loads(problem(kind, detail, REQUEST_ID).body)
        return document

    def _broken(self) -> tuple[Row, Refusal]:
        """The first row with a value that its field cannot take."""
        column = self._contract.fields[0].column
        row = {**self._rows[0], column.name: "unknown" if column.type != "string" else 0}
        _, problems = self._contract.parse(row, today=date.min)
        return row, Refusal(problems)

    def _reply(
        self, rows: Sequence[Row], answers: Sequence[float | Refusal], options: Options = PLAIN
    ) -> Schema:
        document: Schema = json.loads(self._answers(rows, answers, options, REQUEST_ID).body)
        return document
