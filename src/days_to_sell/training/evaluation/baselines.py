"""Baselines: what knows nothing of a car, what knows its segment, and a Cox model as the outside check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from days_to_sell.training.evaluation.cox import fit_cox
from days_to_sell.training.evaluation.curves import Curve, GroupCurves, kaplan_meier
from days_to_sell.training.evaluation.exam import Exam
from days_to_sell.training.evaluation.outcomes import Outcomes
from days_to_sell.training.evaluation.result import Evaluation

OVERALL, SEGMENT, COX = "Kaplan-Meier overall", "Kaplan-Meier by segment", "Cox (lifelines)"
LEAST_IN_SEGMENT = 100


def evaluate_baselines(exam: Exam, train: pd.DataFrame) -> list[Evaluation]:
    """Fit the baselines on the fit fold and have them sit the exam.

    Args:
        exam: The test fold.
        train: The fit fold as collected: outcomes and the spec's columns.
    """
    found = [overall(exam, train)]
    if exam.spec.judgement.segment:
        found.append(by_segment(exam, train))
    return [*found, cox(exam, train)]


def overall(exam: Exam, train: pd.DataFrame) -> Evaluation:
    """One Kaplan-Meier curve for all rows."""
    curve = _curve(exam, train)
    days = np.full(len(exam.rows), curve.restricted_mean(exam.spec.horizon))
    return exam.sit(OVERALL, days, GroupCurves((curve,), np.zeros(len(days), dtype=np.int64)))


def by_segment(exam: Exam, train: pd.DataFrame) -> Evaluation:
    """A Kaplan-Meier curve for each combination of the segment's columns; rare ones take the overall one."""
    columns = exam.spec.judgement.segment
    ours, theirs = _labels(train, columns), _labels(exam.rows, columns)
    counts = ours.value_counts()
    frequent = sorted(counts.index[counts >= LEAST_IN_SEGMENT])
    curves = [_curve(exam, train), *(_curve(exam, train[(ours == name).to_numpy()]) for name in frequent)]
    which = theirs.map({name: number for number, name in enumerate(frequent, start=1)}).fillna(0)
    place = which.to_numpy(dtype=np.int64)
    means = np.array([curve.restricted_mean(exam.spec.horizon) for curve in curves])
    note = f"{len(frequent)} segments by {' and '.join(columns)} have {LEAST_IN_SEGMENT} rows or more"
    return exam.sit(SEGMENT, means[place], GroupCurves(tuple(curves), place), note=note)


def cox(exam: Exam, train: pd.DataFrame) -> Evaluation:
    """A Cox model of the spec's features, on the same split."""
    model = fit_cox(exam.spec, train)
    survival = model.survival(exam.rows)
    return exam.sit(COX, survival.restricted_mean(exam.spec.horizon), survival, note=model.note)


def _curve(exam: Exam, rows: pd.DataFrame) -> Curve:
    outcomes = Outcomes.of(rows, exam.spec.horizon)
    return kaplan_meier(outcomes.duration, outcomes.observed)


def _labels(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    texts = [rows[column].astype(object).where(rows[column].notna(), "").astype(str) for column in columns]
    return texts[0].str.cat(texts[1:], sep="\x1f") if len(texts) > 1 else texts[0]
