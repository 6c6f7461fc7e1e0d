"""Against the truth, where it is known: which share of what can be told apart a model tells apart."""

from __future__ import annotations

import pandas as pd

from days_to_sell.errors import TrainingError
from days_to_sell.spec import ROW_ID
from days_to_sell.training.evaluation.bootstrap import Estimate
from days_to_sell.training.evaluation.curves import Floats
from days_to_sell.training.evaluation.exam import Exam

CHANCE = 0.5


def ratio_to_best(exam: Exam, days: Floats, expected: pd.Series) -> Estimate:
    """Give (concordance of the model - 1/2) / (concordance of the truth - 1/2), both by IPCW.

    Both are taken on the same replicates, so that the interval is that of the ratio.

    Args:
        exam: The test fold.
        days: The model's prediction of each of its rows.
        expected: True expected days within the horizon by ``row_id``, given what the model may see.

    Raises:
        TrainingError: The truth lacks rows of the fold.
    """
    model, best = exam.concordance_of(days), exam.concordance_of(align(exam, expected))
    return Estimate.of(
        (model.value - CHANCE) / (best.value - CHANCE), (model.samples - CHANCE) / (best.samples - CHANCE)
    )


def align(exam: Exam, expected: pd.Series) -> Floats:
    """Bring the truth into the order of the exam's rows.

    Raises:
        TrainingError: It lacks some.
    """
    found = expected.reindex(exam.rows[ROW_ID])
    if found.isna().any():
        raise TrainingError(
            f"the truth lacks {int(found.isna().sum())} of {len(found)} test rows; take it from the lake "
            "that the training data was built from"
        )
    return found.to_numpy(dtype=float)
