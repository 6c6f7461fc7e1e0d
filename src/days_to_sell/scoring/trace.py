"""Where two engines part: the first stage of a pipeline whose output differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol

from days_to_sell.errors import ScoringError
from days_to_sell.scoring.agreement import TOLERANCE, distance
from days_to_sell.scoring.python import PythonBundle

Row = Mapping[str, Any]
# Longer texts and lists are cut in messages.
SHOWN = 120


class StageShape(Protocol):
    """What is known of a stage without computing it."""

    @property
    def name(self) -> str:
        """Name of the node."""

    @property
    def op(self) -> str:
        """MLeap's name of its operator."""

    @property
    def inputs(self) -> Iterable[str]:
        """The columns that it reads."""

    @property
    def outputs(self) -> Iterable[str]:
        """The columns that it writes."""


@dataclass(frozen=True)
class Shape:
    """A stage that no bundle holds, such as a derivation.

    Args:
        name: Its name.
        op: What it does.
        inputs: The columns that it reads.
        outputs: The columns that it writes.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class StageDifference:
    """One column of one row on which two engines part.

    Args:
        position: Place of the stage in the pipeline, counted from 1, inner pipelines laid flat; 0 before it.
        op: MLeap's name of its operator.
        name: Name of the node.
        column: The column that differs.
        inputs: What the stage read in this row, on which both engines agree.
        expected: What the one engine wrote.
        actual: What the other wrote, or the error that it gave instead.
        engines: The one and the other.
    """

    position: int
    op: str
    name: str
    column: str
    inputs: Row
    expected: Any
    actual: Any
    engines: tuple[str, str] = ("Spark", "the scorer")

    def __str__(self) -> str:
        """Say it in one line."""
        read = ", ".join(f"{column} = {shown(value)}" for column, value in self.inputs.items())
        expected, actual = self.engines
        where = f"stage {self.position}" if self.position else "before the pipeline"
        return (
            f"{where}, {self.op} {self.name!r}, column {self.column}: inputs {read or 'none'}; "
            f"{expected} {shown(self.expected)}, {actual} {shown(self.actual)}"
        )


def first_difference(
    stages: Iterable[StageShape],
    expected: Row,
    actual: Row,
    engines: tuple[str, str] = ("Spark", "the scorer"),
    tolerance: float = TOLERANCE,
) -> StageDifference | None:
    """Find the first stage that two engines do not compute alike.

    Args:
        stages: The stages of the pipeline, in order.
        expected: The row with what the one engine wrote; columns that it lacks are passed over.
        actual: The row with what the other engine wrote; a column that it lacks counts as None.
        engines: Names of both, for the message.
        tolerance: Relative error up to which numbers are equal.

    Returns:
        None where all columns agree.
    """
    for position, stage in enumerate(stages, start=1):
        for column in stage.outputs:
            if column in expected and distance(actual.get(column), expected[column]) > tolerance:
                inputs = {name: expected.get(name, actual.get(name)) for name in stage.inputs}
                found = expected[column], actual.get(column)
                return StageDifference(position, stage.op, stage.name, column, inputs, *found, engines)
    return None


@dataclass(frozen=True)
class Stop:
    """The stage at which a row gets no further.

    Args:
        position: Place of the stage, counted from 0.
        reason: Why: the error, or that the row is left out.
    """

    position: int
    reason: str


class Tracer:
    """Follows rows through the stages of a bundle, those too that get no answer.

    Args:
        bundle: The bundle, with all columns asked for.
    """

    def __init__(self, bundle: PythonBundle) -> None:
        self._bundle = bundle
        self._cuts: dict[int, PythonBundle] = {}

    def explain(
        self, row: Row, expected: Row, engines: tuple[str, str] = ("Spark", "Python")
    ) -> StageDifference | None:
        """Find the first stage at which the bundle leaves an answer that is known.

        Args:
            row: What the pipeline reads.
            expected: The known answer, column by column, as far as it goes.
            engines: Names of who gave the known answer, and of this engine.

        Returns:
            None where all that is known agrees.
        """
        answer, stop = self.follow(row)
        stages = self._bundle.plan.stages
        reached = stages if stop is None else stages[: stop.position]
        difference = first_difference(reached, {**row, **expected}, answer, engines)
        if difference is not None or stop is None:
            return difference
        stage = stages[stop.position]
        column = next(iter(stage.outputs))
        inputs = {name: answer.get(name) for name in stage.inputs}
        found = expected.get(column), stop.reason
        return StageDifference(stop.position + 1, stage.op, stage.name, column, inputs, *found, engines)

    def follow(self, row: Row) -> tuple[Row, Stop | None]:
        """Score a row up to the stage that refuses or drops it.

        Returns:
            The row with the columns of all stages before that one, and where it stopped; None if nowhere.
        """
        answer = _attempt(self._bundle, row)
        if not isinstance(answer, str):
            return answer, None
        # Every pipeline that is cut before the stage answers, every one that is cut behind it does not.
        known, low, high = row, 0, len(self._bundle.plan.stages)
        while high - low > 1:
            middle = (low + high) // 2
            found = _attempt(self._cut(middle), row)
            if isinstance(found, str):
                high, answer = middle, found
            else:
                low, known = middle, found
        return known, Stop(low, answer)

    def _cut(self, count: int) -> PythonBundle:
        """Give the bundle that ends behind its first stages."""
        if count not in self._cuts:
            plan = self._bundle.plan
            stages = plan.stages[:count]
            written = set(chain.from_iterable(stage.outputs for stage in stages))
            outputs = {name: kind for name, kind in plan.outputs.items() if name in written}
            self._cuts[count] = replace(self._bundle, plan=replace(plan, stages=stages, outputs=outputs))
        return self._cuts[count]


def explain(bundle: PythonBundle, row: Row, expected: Row) -> StageDifference | None:
    """Find the first stage at which a bundle leaves the answer that Spark gave to one row."""
    return Tracer(bundle).explain(row, expected)


def _attempt(bundle: PythonBundle, row: Row) -> Row | str:
    """Score a row; the reason if it gets no answer."""
    try:
        answer = bundle.transform_row(row)
    except ScoringError as error:
        return str(error)
    return "the row is left out" if answer is None else answer


def shown(value: Any) -> str:
    """Write a value of a column for a message: vectors that are mostly zero by what is not."""
    if isinstance(value, list) and len(value) > 8 and 2 * value.count(0.0) > len(value):
        entries = ", ".join(f"{place}: {each!r}" for place, each in enumerate(value) if each != 0.0)
        text = f"{len(value)} elements {{{entries}}}"
    else:
        text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
