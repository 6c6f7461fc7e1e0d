"""Evaluation on the test fold, censoring minded, beside what knows nothing but the calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.utils import concordance_index, restricted_mean_survival_time
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from days_to_sell.spec import DURATION, OBSERVED, PREDICTION, ROW_ID
from days_to_sell.training.pipeline import TARGET, WEIGHT

Floats = npt.NDArray[np.float64]
DECILES = 10


@dataclass(frozen=True)
class Metrics:
    """How good predictions of days are.

    Args:
        c_index: Harrell's concordance of predicted and actual durations, 0.5 for a constant (Harrell, 1982).
        mae_days: Mean absolute error of restricted days, weighted for censoring.
        bias_days: Mean prediction less the mean restricted duration, weighted for censoring.
    """

    c_index: float
    mae_days: float
    bias_days: float


def collect(frame: DataFrame) -> pd.DataFrame:
    """Bring the outcome of a fold to the driver: durations, weights, and ``days`` where there is one."""
    columns = [ROW_ID, DURATION, OBSERVED, TARGET, WEIGHT]
    columns += [PREDICTION] if PREDICTION in frame.columns else []
    rows: pd.DataFrame = frame.select(*columns).toPandas()
    return rows.sort_values(ROW_ID, ignore_index=True)


def predict(model: PipelineModel, frame: DataFrame) -> pd.DataFrame:
    """Predict a fold and collect it."""
    return collect(model.transform(frame))


def measure(rows: pd.DataFrame, days: Floats) -> Metrics:
    """Measure predictions against the outcome of their rows.

    Args:
        rows: ``duration`` (days), ``observed``, ``target`` and ``weight``, as collected.
        days: One prediction a row.
    """
    weight, target = rows[WEIGHT].to_numpy(), rows[TARGET].to_numpy()
    constant = bool(np.ptp(days) == 0)
    c_index = 0.5 if constant else concordance_index(rows[DURATION], days, rows[OBSERVED])
    return Metrics(
        c_index=float(c_index),
        mae_days=float(np.average(np.abs(days - target), weights=weight)),
        bias_days=float(np.average(days, weights=weight) - np.average(target, weights=weight)),
    )


def kaplan_meier_days(train: pd.DataFrame, horizon: int) -> float:
    """Expected days until sale, restricted to the horizon, of any row whatever: the baseline."""
    fitter = KaplanMeierFitter().fit(train[DURATION], train[OBSERVED])
    return float(restricted_mean_survival_time(fitter, t=float(horizon)))


def calibration_by_decile(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean prediction and weighted mean outcome in days, by tenth of the predictions."""
    tenth = pd.qcut(rows[PREDICTION].rank(method="first"), DECILES, labels=False)
    grouped = rows.assign(tenth=tenth, weighted=rows[TARGET] * rows[WEIGHT]).groupby("tenth")
    sums = grouped[["weighted", WEIGHT]].sum()
    return pd.DataFrame({"predicted": grouped[PREDICTION].mean(), "actual": sums["weighted"] / sums[WEIGHT]})
