"""The exam: one test fold with its replicates, that every candidate and baseline sits alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from days_to_sell.errors import TrainingError
from days_to_sell.spec import PREDICTION, ROW_ID, ModelSpec
from days_to_sell.training.evaluation.bootstrap import REPLICATES, Estimate, Resamples, Statistic
from days_to_sell.training.evaluation.calibration import Errors, by_decile
from days_to_sell.training.evaluation.concordance import Pairs
from days_to_sell.training.evaluation.curves import Floats, Survival
from days_to_sell.training.evaluation.distribution import AcceleratedLife, Brier, Coverage
from days_to_sell.training.evaluation.outcomes import Outcomes
from days_to_sell.training.evaluation.result import Evaluation
from days_to_sell.training.evaluation.slices import SliceResult, by_slice


@dataclass(frozen=True, eq=False)
class Exam:
    """A test fold with the replicates that all who sit it share, so that their differences are paired.

    Args:
        spec: The model, for its horizon, group and slices.
        rows: The fold as collected, in the order of ``row_id``.
        outcomes: What was seen of them.
        resamples: Replicates by group, or by row where the spec names none.
    """

    spec: ModelSpec
    rows: pd.DataFrame
    outcomes: Outcomes
    resamples: Resamples

    @classmethod
    def of(cls, spec: ModelSpec, rows: pd.DataFrame, *, replicates: int = REPLICATES) -> Exam:
        """Set the exam.

        Args:
            spec: The model.
            rows: The test fold from :func:`collect`, with or without predictions.
            replicates: Bootstrap replicates.
        """
        resamples = Resamples.draw(rows[spec.group or ROW_ID], replicates)
        return cls(spec, rows, Outcomes.of(rows, spec.horizon), resamples)

    def sit(
        self, name: str, days: Floats, survival: Survival, *, slices: bool = False, note: str = ""
    ) -> Evaluation:
        """Measure one predictor.

        Args:
            name: What to call it.
            days: Its prediction of each row, in the order of ``rows``.
            survival: Its predictive distribution, such as :class:`AcceleratedLife`.
            slices: Whether to measure the spec's slices as well.
            note: What a reader of the figures has to know.

        Raises:
            TrainingError: There is not one prediction a row.
        """
        if days.shape != (len(self.rows),):
            raise TrainingError(
                f"{name} gives {days.shape} predictions for {len(self.rows)} test rows; predict each row once"
            )
        pairs, errors = Pairs.of(self.outcomes, days), Errors(self.outcomes, days)
        statistics: dict[str, Statistic] = {
            "c_index": pairs.harrell,
            "c_index_ipcw": pairs.uno,
            "integrated_brier": Brier(self.outcomes, survival),
            "mae_days": errors.mean_absolute,
            "bias_days": errors.bias,
            "coverage_80": Coverage(self.outcomes, survival),
            "calibration_slope": errors.slope,
            "calibration_error_days": errors.expected_calibration_error,
        }
        return Evaluation(
            name=name,
            rows=len(self.rows),
            groups=self.resamples.groups,
            metrics={metric: self.resamples.estimate(each) for metric, each in statistics.items()},
            calibration=by_decile(self.outcomes, days, self.resamples),
            slices=self.slices(days) if slices else (),
            note=note,
        )

    def sit_model(
        self, name: str, rows: pd.DataFrame, calibration: pd.DataFrame, *, slices: bool = False
    ) -> Evaluation:
        """Measure a fitted model, whose distribution is taken from its calibration fold.

        Args:
            name: What to call it.
            rows: The test fold from :func:`predict`, with ``days``.
            calibration: The calibration fold likewise.
            slices: Whether to measure the spec's slices as well.

        Raises:
            TrainingError: The rows are not those of the exam.
        """
        if not np.array_equal(rows[ROW_ID], self.rows[ROW_ID]):
            raise TrainingError(f"{name} was asked about other rows than the exam's; predict its test fold")
        days = rows[PREDICTION].to_numpy(dtype=float)
        seen = Outcomes.of(calibration, self.spec.horizon)
        life = AcceleratedLife.of(seen, calibration[PREDICTION].to_numpy(dtype=float), days)
        return self.sit(name, days, life, slices=slices)

    def slices(self, days: Floats) -> tuple[SliceResult, ...]:
        """Measure the spec's slices."""
        return tuple(
            result
            for each in self.spec.judgement.slices
            for result in by_slice(each, self.rows[each.column], self.outcomes, days, self.resamples)
        )

    def concordance_of(self, days: Floats) -> Estimate:
        """Give the concordance (IPCW) of predictions, for what has no distribution, such as one feature."""
        return self.resamples.estimate(Pairs.of(self.outcomes, days).uno)
