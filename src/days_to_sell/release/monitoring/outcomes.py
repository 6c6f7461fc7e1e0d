"""Live outcomes: adverts listed after training, judged by the days that the released package gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.errors import MonitorError
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor, Refusal
from days_to_sell.spec import DURATION, OBSERVED, ROW_ID, ModelSpec
from days_to_sell.training.evaluation.calibration import Errors
from days_to_sell.training.evaluation.concordance import Pairs
from days_to_sell.training.evaluation.outcomes import Outcomes
from days_to_sell.training.learn import to_json

SAMPLED_ROWS = 50_000


@dataclass(frozen=True)
class Live:
    """How good a released version is on what it could not know.

    Args:
        snapshot: Day on which the outcomes were known, ISO.
        rows: Rows listed after the training snapshot.
        sold: How many of them were sold.
        refused: How many the package gives no answer to; they are judged no further.
        followed_days: Days, at most the horizon, until which enough of them were followed.
        horizon: Days that predictions are about.
        concordance: Uno's, up to ``followed_days``; None without a comparable pair.
        bias_days: Mean prediction less mean days within the horizon; None before that is the horizon.
        mae_days: Mean absolute error, likewise.
    """

    snapshot: str
    rows: int
    sold: int
    refused: int
    followed_days: float
    horizon: int
    concordance: float | None
    bias_days: float | None
    mae_days: float | None

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers that are known, for a run."""
        named = {
            "live/rows": float(self.rows),
            "live/sold": float(self.sold),
            "live/followed_days": self.followed_days,
            "live/c_index": self.concordance,
            "live/bias_days": self.bias_days,
            "live/mae_days": self.mae_days,
        }
        return {name: value for name, value in named.items() if value is not None}

    def lines(self) -> Iterator[str]:
        """Say it to people."""
        yield f"outcomes at {self.snapshot}: {self.rows:,} adverts listed since training, {self.sold:,} sold"
        if self.refused:
            yield f"  {self.refused:,} of them have no answer from the package"
        if self.concordance is not None:
            yield f"  concordance {self.concordance:.3f}"
        if self.bias_days is not None and self.mae_days is not None:
            yield f"  bias {self.bias_days:+.1f} days, mean absolute error {self.mae_days:.1f} days"
        else:
            yield (
                f"  followed for {self.followed_days:.0f} days, short of the horizon of {self.horizon}: "
                "expected days cannot be judged yet"
            )


def judge_outcomes(frame: DataFrame, spec: ModelSpec, package: ModelPackage, snapshot: str) -> Live | None:
    """Judge a released package by a training frame of a later snapshot.

    Args:
        frame: Raw columns, ``duration``, ``observed`` and the spec's time column.
        spec: The model as it is now, which may not be what the package was trained by.
        package: The released package, with the snapshot that it was trained on in its provenance.
        snapshot: Day of the frame's snapshot, ISO.

    Returns:
        What was found; None when the frame is no later than the package, or nothing was listed since.

    Raises:
        MonitorError: The model has no time column, the package does not say when its data ends, or it takes a
            column that the frame has not.
    """
    trained = package.provenance.get("snapshot", "")
    if spec.time is None:
        raise MonitorError(
            f"model {spec.name!r} has no time column, so nobody knows what was listed after training; "
            "declare time in its spec"
        )
    try:
        day = date.fromisoformat(trained)
    except ValueError as error:
        raise MonitorError(
            f"the package does not say when its data ends: snapshot {trained!r:.40}"
        ) from error
    if date.fromisoformat(snapshot) <= day:
        return None
    later = frame.where(F.col(spec.time) > F.lit(day))
    absent = [name for name in package.contract.names if name not in frame.columns]
    if absent:
        raise MonitorError(
            f"the package takes {', '.join(absent)}, which the training data of {spec.name!r} no longer has; "
            "outcomes can be judged again once a version of the present spec is released"
        )
    # Sampled by hash where there are many: the layout of the data changes nothing.
    chosen = later.orderBy(F.xxhash64(ROW_ID, F.lit("live")), ROW_ID).limit(SAMPLED_ROWS)
    rows: pd.DataFrame = chosen.select(*package.contract.names, DURATION, OBSERVED).toPandas()
    if rows.empty:
        return None
    return measure(rows, spec, package, snapshot)


def measure(rows: pd.DataFrame, spec: ModelSpec, package: ModelPackage, snapshot: str) -> Live:
    """Predict rows with the package and compare with what became of them.

    Args:
        rows: Raw columns, ``duration`` (days) and ``observed``.
        spec, package, snapshot: As for :func:`judge_outcomes`.
    """
    columns = {field.column.name: field.column for field in package.contract.fields}
    horizon = package.contract.horizon
    answers = Predictor(package).predict(
        [
            {name: to_json(column, row[name]) for name, column in columns.items()}
            for row in rows.astype(object).where(rows.notna(), None).to_dict("records")
        ]
    )
    answered = np.array([not isinstance(answer, Refusal) for answer in answers])
    days = np.array([answer for answer in answers if not isinstance(answer, Refusal)], dtype=float)
    known = rows[answered]
    followed = _followed(Outcomes.of(known, horizon), spec.at_risk)
    outcomes = Outcomes.of(known, followed)
    concordance = Pairs.of(outcomes, days).uno(outcomes.ones) if len(days) else float("nan")
    errors = Errors(outcomes, days) if followed >= horizon else None
    return Live(
        snapshot=snapshot,
        rows=len(rows),
        sold=int(rows[OBSERVED].sum()),
        refused=int((~answered).sum()),
        followed_days=followed,
        horizon=horizon,
        concordance=None if np.isnan(concordance) else concordance,
        bias_days=errors.bias(outcomes.ones) if errors else None,
        mae_days=errors.mean_absolute(outcomes.ones) if errors else None,
    )


def _followed(outcomes: Outcomes, share: float) -> float:
    """Give the day, at most the horizon, until which as many were followed as the spec asks to be at risk."""
    if not len(outcomes):
        return 0.0
    chances = outcomes.followed(outcomes.ones)
    if chances[-1] >= share:
        return outcomes.horizon
    return min(float(outcomes.times[chances[:-1] >= share].max()), outcomes.horizon)
