"""The predictor: raw rows to days, by contract, derivations and bundle."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.engines import Engine, FindRuntime, open_bundle
from days_to_sell.scoring.golden import GoldenRow, Proof, compare
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.python import PythonBundle
from days_to_sell.scoring.sketch import Observe
from days_to_sell.scoring.trace import Shape, StageDifference, explain, first_difference
from days_to_sell.spec import PREDICTION, UNBOUNDED, Problem
from days_to_sell.spec.derivations import operands, to_dict

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A row that gets no answer, with every reason found."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        return "; ".join(problem.message for problem in self.problems)


def _today() -> date:
    return datetime.now(UTC).date()


class Predictor:
    """Scores raw rows with one model package.

    Args:
        package: The verified package.
        allow_unknown_fields: Whether fields beyond the contract are passed over instead of refused.
        today: Clock behind dates that default to today.
        engine: What computes the bundle; ``auto`` is Python where it knows every operator, else the JVM.
        runtime: Finds what the JVM engine is started from; None where there is none.

    Raises:
        BundleError: The package's bundle cannot be read.
        EnvironmentProblem: The JVM is asked for and cannot be had.
    """

    def __init__(
        self,
        package: ModelPackage,
        *,
        allow_unknown_fields: bool = False,
        today: Callable[[], date] = _today,
        engine: Engine = "auto",
        runtime: FindRuntime | None = None,
    ) -> None:
        self.package = package
        self._contract = package.contract
        self._derive = package.derivations.compile()
        self._required = package.derivations.required
        opened = open_bundle(package.bundle, engine, runtime)
        self._whole = bundle = opened.bundle
        self.engine, self.reason = bundle.engine, opened.reason
        self._bundle = bundle.select([name for name in (UNBOUNDED, PREDICTION) if name in bundle.outputs])
        self._allow_unknown = allow_unknown_fields
        self._today = today

    def predict(
        self, rows: Sequence[Row], observe: Observe | None = None, *, partial: bool = False
    ) -> list[float | Refusal]:
        """Answer each row with expected days, or with the reasons why not; answers and rows pair up.

        Args:
            rows: Raw rows.
            observe: Takes each answered row, raw and derived columns, with its days.
            partial: Whether rows count as answered beside one that is refused; otherwise the whole request
                comes again.
        """
        today = self._today()
        derived = [self._prepare(row, today) for row in rows]
        known = [row for row in derived if not isinstance(row, Refusal)]
        scored = iter(self._bundle.transform_each(known))
        answers = [row if isinstance(row, Refusal) else _judge(next(scored)) for row in derived]
        if observe is not None and (partial or not any(isinstance(answer, Refusal) for answer in answers)):
            for row, answer in zip(derived, answers, strict=True):
                if not (isinstance(row, Refusal) or isinstance(answer, Refusal)):
                    observe(row, answer)
        return answers

    def prove(self) -> Proof:
        """Answer the package's own golden rows and compare; where answers differ, find the stage."""
        golden = self.package.golden
        answers = self.predict([row.input for row in golden])
        return compare(golden, [str(a) if isinstance(a, Refusal) else a for a in answers], self._explain)

    def _explain(self, row: GoldenRow) -> StageDifference | None:
        """Find the first derivation or stage that leaves what Spark wrote for a row, if that was recorded."""
        derived = self._prepare(row.input, self._today())
        if isinstance(derived, Refusal) or not row.stages:
            return None
        derivations = [
            Shape(name, to_dict(each)["operation"], operands(each), (name,))
            for name, each in self.package.derivations.columns.items()
        ]
        known = {**row.stages, PREDICTION: row.days}
        wrong = first_difference(derivations, {**row.input, **known}, derived)
        if wrong is not None:
            return replace(wrong, position=0)
        return explain(self._whole, derived, known) if isinstance(self._whole, PythonBundle) else None

    def _prepare(self, row: Row, today: date) -> Row | Refusal:
        """Parse a row and derive what the bundle reads."""
        parsed, problems = self._contract.parse(row, today=today, allow_unknown=self._allow_unknown)
        if problems:
            return Refusal(problems)
        derived = self._derive(parsed)
        unknown = [name for name in self._required if not math.isfinite(derived[name])]
        if unknown:
            return _refuse(
                f"the values of this row give no finite {' or '.join(unknown)}; check what it is made of"
            )
        return derived


def _judge(scored: Row | ScoringError | None) -> float | Refusal:
    """Take the days from what a bundle answered, if they are an answer."""
    if isinstance(scored, ScoringError):
        return _refuse(str(scored))
    if scored is None:
        return _refuse("the model leaves this row out; check its categories against the contract")
    days = float(scored[PREDICTION])
    # The bounds of the last stage turn NaN and infinity into the horizon, so look before them too.
    if not (math.isfinite(days) and math.isfinite(scored.get(UNBOUNDED, days))):
        return _refuse("the values of this row lead to no finite number; check those that are near zero")
    return days


def _refuse(message: str) -> Refusal:
    return Refusal((Problem("", message, "", ""),))
