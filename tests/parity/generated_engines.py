"""The answers of every engine to the same rows: a row of columns, an error, or nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import PipelineModel, Transformer
from pyspark.rdd import _load_from_socket
from pyspark.serializers import BatchedSerializer, CPickleSerializer
from pyspark.sql import SparkSession

from days_to_sell.errors import ScoringError
from days_to_sell.scoring import Bundle
from tests.parity.generated_frame import INPUTS, Row, plain, to_frame

NUMBER = "row_number"
# So many rows are scored each by itself as quickly as the rest is searched for the one that is refused.
FEW = 8


@dataclass(frozen=True)
class Refused:
    """An error in place of an answer."""

    reason: str


# None is a row that was dropped.
Answer: TypeAlias = Row | Refused | None


def in_batch(bundle: Bundle, rows: Sequence[Row]) -> list[Answer]:
    """Score rows as one batch."""
    return [
        Refused(str(each)) if isinstance(each, ScoringError) else each for each in bundle.transform_each(rows)
    ]


def one_by_one(bundle: Bundle, rows: Sequence[Row]) -> list[Answer]:
    """Score rows each by itself."""

    def answer(row: Row) -> Answer:
        try:
            return bundle.transform_row(row)
        except ScoringError as error:
            return Refused(str(error))

    return [answer(row) for row in rows]


def stages_of(model: PipelineModel) -> Iterator[Transformer]:
    """The fitted stages, pipelines inside pipelines laid flat."""
    for stage in model.stages:
        if isinstance(stage, PipelineModel):
            yield from stages_of(stage)
        else:
            yield stage


class Spark:
    """A fitted pipeline, scored by Spark.

    Args:
        spark: The session.
        model: The pipeline.
    """

    def __init__(self, spark: SparkSession, model: PipelineModel) -> None:
        self._spark, self._model = spark, model

    def score(self, rows: Sequence[Row], suspected: Sequence[bool]) -> list[Answer]:
        """Score rows, numeric nulls as NaN.

        Args:
            rows: The rows.
            suspected: Which of them may be refused: one that is ends the whole job, so they get one each.
        """
        answers: list[Answer] = [None] * len(rows)
        self._together(rows, [place for place, suspect in enumerate(suspected) if not suspect], answers)
        self._apart(rows, [place for place, suspect in enumerate(suspected) if suspect], answers)
        return answers

    def _frame(self, rows: Sequence[Row], places: Sequence[int], slices: int) -> Any:
        known = [_known(rows[place]) | {NUMBER: float(place)} for place in places]
        return self._model.transform(to_frame(self._spark, known, (*INPUTS, NUMBER), slices))

    def _together(self, rows: Sequence[Row], places: Sequence[int], answers: list[Answer]) -> None:
        if len(places) <= FEW:
            self._apart(rows, places, answers)
            return
        try:
            for found in self._frame(rows, places, 1).collect():
                _keep(found, answers)
        except (Py4JJavaError, PySparkException):
            half = len(places) // 2
            self._together(rows, places[:half], answers)
            self._together(rows, places[half:], answers)

    def _apart(self, rows: Sequence[Row], places: Sequence[int], answers: list[Answer]) -> None:
        if not places:
            return
        # One row to a partition, and one partition to a job: the plan is made once. Without Python's workers,
        # which a task that fails waits for.
        context = self._spark.sparkContext
        parted = self._frame(rows, places, len(places))._jdf.javaToPython()
        for partition, place in enumerate(places):
            try:
                found = context._jvm.PythonRDD.runJob(context._jsc.sc(), parted, [partition])
                for row in _load_from_socket(found, BatchedSerializer(CPickleSerializer())):
                    _keep(row, answers)
            except (Py4JJavaError, PySparkException) as error:
                answers[place] = Refused(_reason(error))


def _keep(found: Any, answers: list[Answer]) -> None:
    row = {name: plain(value) for name, value in found.asDict().items()}
    answers[int(row.pop(NUMBER))] = row


def _known(row: Row) -> Row:
    """A row as every engine is to see it."""
    return {
        column: math.nan if value is None and column not in ("make", "body", "fuel") else value
        for column, value in row.items()
    }


def _reason(error: Py4JJavaError | PySparkException) -> str:
    """The innermost cause that a Java error names."""
    lines = [line for line in str(error).splitlines() if line.startswith("Caused by: ")]
    return (lines[-1] if lines else str(error).splitlines()[0]).removeprefix("Caused by: ")
