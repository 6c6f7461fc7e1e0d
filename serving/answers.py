"""What a scoring request is told: numbers, and on request what stands behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Refusal
from days_to_sell.scoring.unusual import Unusual
from days_to_sell.settings import Settings
from days_to_sell.spec import Problem
from serving.problems import MAX_ENTRIES, RowProblem, invalid_rows, listed
from serving.protocol import PLAIN, Options, Row
from serving.reply import Reply
from serving.suggestions import Suggestions

# What a field takes whose unknown categories the pipeline refuses.
KNOWN = "a category of the training data"


class Answers:
    """Writes replies of one model.

    Args:
        package: The model package that answers.
        settings: The version it is.
    """

    def __init__(self, package: ModelPackage, settings: Settings) -> None:
        self._contract = package.contract
        self._model = {"name": package.model, "version": settings.model_version, "digest": package.digest}
        self._unusual = Unusual(package.contract, package.profile)
        self._suggestions = Suggestions(package.contract)

    def __call__(
        self,
        rows: Sequence[Row],
        answers: Sequence[float | Refusal],
        options: Options,
        request_id: str,
        client: str = "",
    ) -> Reply:
        """Write the reply to rows that were scored.

        Args:
            rows: The rows as they came.
            answers: Days, or why there are none, for each row.
            options: How the request wants to be answered.
            request_id: Name of the request.
            client: Label of the key that was shown.
        """
        days = [answer for answer in answers if not isinstance(answer, Refusal)]
        refused = len(days) < len(answers)
        if refused and not options.partial:
            reply = invalid_rows(self._problems(rows, answers), len(rows), request_id)
            return reply._replace(rows=len(rows), client=client)
        # As json.dumps writes floats; none of them is NaN or infinite.
        body = f'{{"predictions": [{", ".join(map(repr, days))}]'
        if options is not PLAIN:
            body += "".join(
                f', "{name}": {json.dumps(more)}' for name, more in self._more(rows, answers, options)
            )
        return Reply(200, f"{body}}}".encode(), rows=len(rows), client=client)

    def _more(
        self, rows: Sequence[Row], answers: Sequence[float | Refusal], options: Options
    ) -> list[tuple[str, Any]]:
        scored = {n: answer for n, answer in enumerate(answers) if not isinstance(answer, Refusal)}
        more: list[tuple[str, Any]] = []
        if options.partial:
            more += [("rows", list(scored)), ("errors", listed(self._problems(rows, answers)))]
        if options.explain:
            more.append(("model", self._model))
            if self._contract.quantiles:
                more.append(("quantiles", [self._contract.quantiles_of(days) for days in scored.values()]))
            more.append(("warnings", self._warnings(rows, scored)))
        return more

    def _problems(self, rows: Sequence[Row], answers: Sequence[float | Refusal]) -> list[RowProblem]:
        found = [
            (number, each)
            for number, answer in enumerate(answers)
            if isinstance(answer, Refusal)
            for each in answer.problems
        ]
        return [
            # Only those that are listed are worth the search.
            self._problem(number, each, rows[number])
            if place < MAX_ENTRIES
            else RowProblem(number, each.field, each.value, each.allowed, each.message)
            for place, (number, each) in enumerate(found)
        ]

    def _problem(self, number: int, found: Problem, row: Row) -> RowProblem:
        problem = found if found.field else self._named(found, row)
        message = self._suggestions.add_to(problem)
        return RowProblem(number, problem.field, problem.value, problem.allowed, message)

    def _named(self, found: Problem, row: Row) -> Problem:
        """Name the field, where the pipeline quotes a category that the contract does not list.

        The pipeline itself may know the value by a derived column alone.
        """
        for unseen in self._unusual.unseen(row):
            if f"{row[unseen.field]!r:.60}" in found.message:
                message = f"{unseen.message}, and it answers no others; /openapi.json lists those it knows"
                return replace(unseen, message=message, allowed=KNOWN)
        return found

    def _warnings(self, rows: Sequence[Row], answered: Iterable[int]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for number in answered:
            for each in self._unusual.of(rows[number]):
                if len(found) == MAX_ENTRIES:
                    return found
                found.append(
                    {"row": number, "field": each.field, "value": each.value}
                    | {"message": self._suggestions.add_to(each)}
                )
        return found
