"""Judging: a fitted candidate sits the exam, and has its directions checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.ml import PipelineModel, Transformer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.spec import PREDICTION, ROW_ID, ModelSpec
from days_to_sell.training.columns import FEATURES
from days_to_sell.training.evaluation import AcceleratedLife, Evaluation, Exam
from days_to_sell.training.fitting.fit import Encoded
from days_to_sell.training.judging.directions import DirectionCheck, check, raised
from days_to_sell.training.preparing.order import keep
from days_to_sell.training.preparing.prepare import Prepared

Floats = npt.NDArray[np.float64]
PART, CALIBRATE, TEST = "part", "calibrate", "test"


@dataclass(frozen=True, eq=False)
class Verdict:
    """How a fitted candidate does.

    Args:
        evaluation: The figures on the test fold, by slice too.
        directions: What came of raising the numbers that the spec names.
        days: Its prediction of each row of the exam.
        predicted: The predicted distribution of those rows.
    """

    evaluation: Evaluation
    directions: tuple[DirectionCheck, ...]
    days: Floats
    predicted: AcceleratedLife

    def rows(self, exam: Exam) -> pd.DataFrame:
        """The rows of the exam with their predictions."""
        return exam.rows.assign(**{PREDICTION: self.days})


def unseen(spec: ModelSpec, prepared: Prepared, encoded: Encoded) -> DataFrame:
    """Put all that candidates are judged on into one frame of vectors, so that one job predicts it.

    Args:
        spec: The model, for its directions.
        prepared: Its folds.
        encoded: How the candidates read them.

    Returns:
        ``row_id``, ``part`` and ``features``, in memory: the calibration fold, the test fold, and the test
        fold again for each direction, with the number raised.
    """
    again = (raised(prepared.test, spec, each, prepared.tables) for each in spec.judgement.directions)
    names = [ROW_ID, *(feature.name for feature in spec.features)]
    parts = {CALIBRATE: prepared.calibrate, TEST: prepared.test}
    parts |= {str(number): frame for number, frame in enumerate(again)}
    frames = (frame.select(*names).withColumn(PART, F.lit(name)) for name, frame in parts.items())
    vectors = PipelineModel(stages=list(encoded.stages)).transform(reduce(DataFrame.union, frames))
    return keep(vectors.select(ROW_ID, PART, FEATURES))


def judge(
    spec: ModelSpec, prepared: Prepared, name: str, stages: Sequence[Transformer], rows: DataFrame
) -> Verdict:
    """Predict what was held out, and measure it.

    Args:
        spec: The model.
        prepared: Its folds.
        name: What to call the candidate.
        stages: Its fitted stages from ``features`` on.
        rows: What :func:`unseen` gave.
    """
    days = _predict(PipelineModel(stages=list(stages)), rows)
    exam, directions = prepared.exam, spec.judgement.directions
    life = AcceleratedLife.of(prepared.calibration, days[CALIBRATE], days[TEST])
    checks = (
        check(direction, exam.rows, days[TEST], days[str(number)], spec.judgement.slices)
        for number, direction in enumerate(directions)
    )
    evaluation = exam.sit(name, days[TEST], life, slices=True)
    return Verdict(evaluation, tuple(checks), days[TEST], life)


def recall(
    spec: ModelSpec,
    prepared: Prepared,
    model: PipelineModel,
    evaluation: Evaluation,
    directions: Sequence[DirectionCheck],
) -> Verdict:
    """Reach again, without measuring, a verdict whose figures are known.

    Args:
        spec: The model.
        prepared: The folds that it was judged on, prepared anew.
        model: The pipeline that was judged, from derived columns to ``days``.
        evaluation, directions: What came of it.
    """
    names = [ROW_ID, *(feature.name for feature in spec.features)]
    folds = {CALIBRATE: prepared.calibrate, TEST: prepared.test}
    frames = (frame.select(*names).withColumn(PART, F.lit(name)) for name, frame in folds.items())
    days = _predict(model, reduce(DataFrame.union, frames))
    life = AcceleratedLife.of(prepared.calibration, days[CALIBRATE], days[TEST])
    return Verdict(evaluation, tuple(directions), days[TEST], life)


def _predict(model: PipelineModel, rows: DataFrame) -> dict[str, Floats]:
    """Predict the rows of each part, in the order of ``row_id``."""
    predicted: pd.DataFrame = model.transform(rows).select(ROW_ID, PART, PREDICTION).toPandas()
    return {str(part): _in_order(group) for part, group in predicted.groupby(PART)}


def _in_order(rows: pd.DataFrame) -> Floats:
    days: Floats = rows.sort_values(ROW_ID)[PREDICTION].to_numpy(dtype=float)
    return days
