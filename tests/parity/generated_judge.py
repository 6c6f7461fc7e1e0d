"""Whether engines agree on a row, but for what the table of differences says."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from days_to_sell.scoring.agreement import TOLERANCE, distance
from days_to_sell.scoring.differences import DIFFERENCES, Difference
from days_to_sell.scoring.plan.plan import Stage
from days_to_sell.scoring.trace import Stop, first_difference
from tests.parity.generated_engines import Answer, Refused
from tests.parity.generated_frame import Row

# Each engine is held against the one that is right where they differ; batches against single rows.
REFERENCES: Mapping[str, str] = {"mleap": "spark", "python": "spark", "batch": "python"}


# A logistic of numbers beyond this is 0 or 1 to nearly the last bit, and of what is nearer to zero one half.
LARGE, SMALL = 30.0, 1e-15


# What jumps: two numbers that differ in their last bits may fall on both sides of a threshold.
STEPS = frozenset(
    {
        "binarizer",
        "bucketizer",
        "decision_tree_classifier",
        "decision_tree_regression",
        "gbt_classifier",
        "gbt_regression",
        "k_means",
        "random_forest_classifier",
        "random_forest_regression",
        "vector_indexer",
    }
)
ON_A_STEP = "a step between numbers that differ in their last bits"


@dataclass
class Tally:
    """What is known of one operator after any number of rows.

    Args:
        pipelines: In how many pipelines it stood.
        rows: Rows on which its outputs were compared.
        refusals: Rows that it refused or dropped, in all engines alike.
        errors: Largest relative error of each engine against its reference.
        disagreements: Rows on which engines part at it.
    """

    pipelines: int = 0
    rows: int = 0
    refusals: int = 0
    errors: dict[str, float] = field(default_factory=lambda: dict.fromkeys(REFERENCES, 0.0))
    disagreements: int = 0


class Judge:
    """Compares the answers to the rows of one pipeline.

    Args:
        stages: The stages of the plan, in order.
        choices: Node to its handleInvalid.
    """

    def __init__(self, stages: Sequence[Stage], choices: Mapping[str, str]) -> None:
        self._stages = stages
        self._known = [
            [
                each
                for each in DIFFERENCES
                if each.operator == stage.op and _is_fitted(each, choices.get(stage.name))
            ]
            for stage in stages
        ]
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.exempted: Counter[str] = Counter()
        for op in {stage.op for stage in stages}:
            self.tallies[op].pipelines = 1

    def compare(
        self, row: Row, answers: Mapping[str, Answer], python: Row, stop: Stop | None
    ) -> Iterator[str]:
        """Compare the answers to one row; give what disagrees, in words.

        Args:
            row: What was scored.
            answers: The answer of each engine.
            python: What Python computed of the row before it stopped.
            stop: Where that was.
        """
        values = {**row, **_columns(answers["mleap"]), **_columns(answers["spark"]), **python}
        for engine, reference in REFERENCES.items():
            tainted = set() if engine == "batch" else self._tainted(values, reference, engine, stop)
            found, expected = answers[engine], answers[reference]
            if kind(found) != kind(expected):
                if not self._excused(engine, tainted, stop):
                    stage = self._stages[stop.position] if stop is not None else None
                    self._blame(stage)
                    yield (
                        f"{engine} {_said(found)}, {reference} {_said(expected)}"
                        + (f", python at {stage.op} {stage.name!r}" if stage else "")
                    )
                if "python" in (engine, reference) and engine != "batch":
                    yield from self._columns(engine, reference, python, _columns(expected), tainted)
            else:
                yield from self._columns(engine, reference, _columns(found), _columns(expected), tainted)
        if stop is not None and len({kind(answer) for answer in answers.values()}) == 1:
            self.tallies[self._stages[stop.position].op].refusals += 1

    def _columns(
        self, engine: str, reference: str, found: Row, expected: Row, tainted: set[str]
    ) -> Iterator[str]:
        if not (found and expected):
            return
        clean = {name: value for name, value in expected.items() if name not in tainted and name in found}
        uneven: set[str] = set()
        for stage in self._stages:
            compared = [column for column in stage.outputs if column in clean]
            if not compared:
                continue
            error = max(distance(found[column], clean[column]) for column in compared)
            if error > 0.0:
                if stage.op in STEPS and not uneven.isdisjoint(stage.inputs):
                    self.exempted[ON_A_STEP] += 1
                    return
                uneven.update(compared)
            tally = self.tallies[stage.op]
            tally.rows += engine == "python"
            tally.errors[engine] = max(tally.errors[engine], error)
            if error > TOLERANCE:
                self._blame(stage)
                yield str(first_difference(self._stages, clean, found, (reference, engine)))
                # What follows from it is not a second disagreement.
                return

    def _excused(self, engine: str, tainted: set[str], stop: Stop | None) -> bool:
        """Whether the table, or what follows from it, says why one engine answers and another does not."""
        if engine == "python" and stop is not None:
            return not tainted.isdisjoint(self._stages[stop.position].outputs)
        return bool(tainted)

    def _blame(self, stage: Stage | None) -> None:
        if stage is not None:
            self.tallies[stage.op].disagreements += 1

    def _tainted(self, values: Row, reference: str, engine: str, stop: Stop | None) -> set[str]:
        """The columns that two engines need not agree on, by the table and by what follows from it."""
        tainted: set[str] = set()
        for place, (stage, known) in enumerate(zip(self._stages, self._known, strict=True)):
            stopped = stop is not None and stop.position == place
            given = [values.get(column) for column in stage.inputs]
            written = [values.get(column) for column in stage.outputs]
            for difference in known:
                if engine == "python" and difference.python in ("refuses", "drops") and not stopped:
                    continue
                if getattr(difference, reference) != getattr(difference, engine) and _meets(
                    difference, given, written
                ):
                    tainted.update(stage.outputs)
                    self.exempted[difference.key] += 1
            if not tainted.isdisjoint(stage.inputs):
                tainted.update(stage.outputs)
        return tainted


def kind(answer: Answer) -> str:
    """What came of a row."""
    return "answers" if isinstance(answer, dict) else "refuses" if isinstance(answer, Refused) else "drops"


def _columns(answer: Answer) -> Row:
    return answer if isinstance(answer, dict) else {}


def _said(answer: Answer) -> str:
    return f"refuses ({answer.reason:.300})" if isinstance(answer, Refused) else kind(answer)


def _is_fitted(difference: Difference, choice: str | None) -> bool:
    """Whether a line of the table is of a stage that is fitted with a handleInvalid, or without any."""
    # Zeros of a sparse vector, and categories, may be among what any stage is given.
    return difference.handle_invalid in ("", "zeros", "category", choice)


def _meets(difference: Difference, given: Sequence[Any], written: Sequence[Any]) -> bool:
    """Whether what a stage was given, or what it made of it, is the value of a line of the table."""
    read, wrote = _numbers(given), _numbers(written)
    match difference.value:
        case "ordinary":
            # Whatever else that depends on is not among the pipelines of these tests.
            return False
        case "NaN":
            return any(map(math.isnan, read))
        case "fraction":
            return any(not each.is_integer() for each in read)
        case "negative":
            return any(each < 0.0 for each in read)
        case "zero":
            return any(each == 0.0 for each in read)
        case "beyond":
            return any(abs(each) > 1.0 for each in wrote)
        case "infinite":
            return any(map(math.isinf, (*read, *wrote)))
        case "extreme":
            return any(abs(each) >= LARGE or 0.0 < abs(each) <= SMALL for each in (*read, *wrote))
        case _:
            # Numeric nulls are NaN before any engine of these tests.
            return False


def _numbers(values: Sequence[Any]) -> list[float]:
    flat = (each for value in values for each in (value if isinstance(value, list) else [value]))
    return [math.nan if each is None else each for each in flat if each is None or isinstance(each, float)]
