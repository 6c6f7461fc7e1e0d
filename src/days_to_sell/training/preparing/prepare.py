"""Preparation: a training frame becomes folds that are ready to be fitted and an exam to sit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame

from days_to_sell.spec import ModelSpec
from days_to_sell.training.evaluation import Evaluation, Exam, Outcomes, collect
from days_to_sell.training.evaluation.baselines import overall
from days_to_sell.training.preparing.censoring import with_weights
from days_to_sell.training.preparing.derive import derive, require_complete
from days_to_sell.training.preparing.folds import split
from days_to_sell.training.preparing.held_out import require_whole_groups
from days_to_sell.training.preparing.order import in_order

Tables = Mapping[str, Mapping[str, str]]
# Baselines gain nothing from more, and the driver has to hold them.
BASELINE_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Prepared:
    """The folds, derived, weighted and in order, and what candidates are judged by.

    Args:
        fit, calibrate, test: Frames ready to be fitted and scored.
        description: How the folds were made.
        tables: Looked-up column to its table.
        exam: The test fold on the driver, with its bootstrap replicates.
        calibration: What was seen of the calibration fold, in the order of ``row_id``.
        baseline: One Kaplan-Meier curve for all rows: what knows nothing of a car.
    """

    fit: DataFrame
    calibrate: DataFrame
    test: DataFrame
    description: str
    tables: Tables
    exam: Exam
    calibration: Outcomes
    baseline: Evaluation


def prepare(spec: ModelSpec, frame: DataFrame, tables: Tables) -> Prepared:
    """Split a training frame and make its folds ready.

    Args:
        spec: The model.
        frame: Raw training columns.
        tables: Looked-up column to its table.

    Raises:
        HorizonError: A fold is not followed up to the horizon.
        IntegrityError: A group stands in two folds.
        TrainingError: A fold is empty, or a row lacks a number that the pipeline cannot do without.
    """
    derived = derive(frame, spec, tables).cache()
    require_complete(derived, spec)
    folds = split(spec, derived)
    require_whole_groups(spec, folds)
    fit, calibrate, test = (
        in_order(with_weights(part, spec, name), spec) for name, part in folds.by_name.items()
    )
    exam = Exam.of(spec, collect(test, spec))
    calibration = Outcomes.of(collect(calibrate, spec), spec.horizon)
    baseline = overall(exam, collect(fit, spec, at_most=BASELINE_ROWS))
    derived.unpersist()
    return Prepared(fit, calibrate, test, folds.description, tables, exam, calibration, baseline)
