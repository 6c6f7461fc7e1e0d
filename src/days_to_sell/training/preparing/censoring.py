"""Censoring: restricted durations, the horizon's support, and inverse-probability-of-censoring weights.

A row whose sale was not seen still says that it took longer. Rows with a known restricted duration stand in
for those without, weighted by one over the chance to have been followed that long (Robins and Rotnitzky,
1992; restricted means: Karrison, 1987).

Such weights are capped where they grow without bound (Cole and Hernán, 2008), which trades bias for variance.
Here they cannot: Kaplan-Meier's P(T >= t) P(C >= t) is the share at risk at t, so that no weight exceeds one
over the share that the spec wants at the horizon. On the example's data, 38 % censored, the largest is 3.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.errors import HorizonError, TrainingError
from days_to_sell.spec import DURATION, OBSERVED, ModelSpec
from days_to_sell.training.columns import TARGET, WEIGHT

Floats = npt.NDArray[np.float64]


def with_weights(frame: DataFrame, spec: ModelSpec, fold: str) -> DataFrame:
    """Add ``target`` = min(duration, horizon) in days and its ``weight``, zero where it is not known.

    The weight of a known target t is 1 / P(C >= t), by Kaplan-Meier over the frame's own censoring times.
    Durations are days, so that there are few distinct ones: they alone come to the driver.

    Args:
        frame: Rows with ``duration`` (days) and ``observed``.
        spec: For the horizon and its support.
        fold: Name of the fold, for the message.

    Raises:
        HorizonError: Too few rows are still at risk at the horizon.
        TrainingError: There are no rows.
    """
    counts = _count_durations(frame)
    if counts.empty:
        raise TrainingError(
            f"the {fold} fold has no rows; bring more data, more groups or a longer span of time"
        )
    _require_support(counts, spec, fold)
    targets = restricted(counts, spec.horizon)
    weights = pd.Series(
        censoring_weights(counts, targets[TARGET].to_numpy(), spec.horizon), index=targets.index
    )
    table = pd.DataFrame({TARGET: targets[TARGET], "_weight": weights}).drop_duplicates(TARGET)
    rows = [(float(target), float(weight)) for target, weight in table.itertuples(index=False)]
    lookup = frame.sparkSession.createDataFrame(rows, f"{TARGET} double, _weight double")
    known = (F.col(OBSERVED) == 1) | (F.col(DURATION) >= spec.horizon)
    return (
        frame.withColumn(TARGET, F.least(F.col(DURATION), F.lit(float(spec.horizon))))
        .join(F.broadcast(lookup), TARGET, "left")
        .withColumn(WEIGHT, F.when(known, F.col("_weight")).otherwise(0.0))
        .drop("_weight")
    )


def restricted(counts: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Restrict durations to the horizon and say which of the restricted ones are known."""
    return counts.assign(
        **{
            TARGET: np.minimum(counts[DURATION], float(horizon)),
            "known": (counts[OBSERVED] == 1) | (counts[DURATION] >= horizon),
        }
    )


def censoring_weights(counts: pd.DataFrame, targets: Floats, horizon: int) -> Floats:
    """Give 1 / P(C >= t) for each target.

    A row sold on a day was followed until then, but no longer at risk of being lost on that day: sales come
    before losses among equal durations.

    Args:
        counts: ``duration``, ``observed`` and ``rows``, the number of rows with both.
        targets: Restricted durations in days.
        horizon: Days at which they were restricted.
    """
    sold = counts[OBSERVED] == 1
    left = np.where(sold, np.nextafter(counts[DURATION], 0.0), counts[DURATION])
    # It takes a second to import, and only a training needs it.
    from lifelines import KaplanMeierFitter

    fitter = KaplanMeierFitter().fit(left, event_observed=~sold, weights=counts["rows"])
    just_before = np.nextafter(np.minimum(targets, float(horizon)), 0.0)
    followed = fitter.survival_function_at_times(just_before).to_numpy()
    return np.divide(1.0, followed, out=np.zeros_like(followed), where=followed > 0)


def _count_durations(frame: DataFrame) -> pd.DataFrame:
    grouped = frame.groupBy(DURATION, OBSERVED).agg(F.count("*").alias("rows"))
    rows = sorted(tuple(row) for row in grouped.collect())
    return pd.DataFrame(rows, columns=[DURATION, OBSERVED, "rows"])


def _require_support(counts: pd.DataFrame, spec: ModelSpec, fold: str) -> None:
    """Refuse a horizon that the follow-up does not reach, and say which it does."""
    at_risk = counts.sort_values(DURATION, ascending=False)["rows"].cumsum() / counts["rows"].sum()
    supported = counts.loc[at_risk[at_risk >= spec.at_risk].index, DURATION].max()
    if supported < spec.horizon:
        raise HorizonError(
            f"the {fold} fold follows only {spec.at_risk:.0%} of its rows to day {supported:g}, short of the "
            f"horizon of {spec.horizon} days; set horizon={int(supported)} in the spec, or bring data with "
            "longer follow-up"
        )
