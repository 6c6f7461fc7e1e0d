"""Folds: which rows fit, calibrate and test, by held-out groups and held-out time.

A group (a seller) stands in one fold only. With a time column, the last part of the listings is for testing,
and the rest is cut to what was known on the day that part begins: a sale seen later counts as not seen yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from days_to_sell.spec import DURATION, OBSERVED, ROW_ID, ModelSpec

TEST_PERCENT, CALIBRATE_PERCENT = 25, 15
TRAIN_TIME_SHARE = 0.7


@dataclass(frozen=True)
class Folds:
    """The rows by use.

    Args:
        fit: What estimators are fitted on.
        calibrate: What the calibration is fitted on.
        test: What nothing is fitted on.
        description: How they were made, for the run.
    """

    fit: DataFrame
    calibrate: DataFrame
    test: DataFrame
    description: str

    @property
    def by_name(self) -> dict[str, DataFrame]:
        """The rows of each fold, by its name."""
        return {"fit": self.fit, "calibrate": self.calibrate, "test": self.test}


def split(spec: ModelSpec, frame: DataFrame, *, salt: str = "fold") -> Folds:
    """Split a training frame by the spec's group and time columns, by hash of ``row_id`` without a group.

    Args:
        spec: The model.
        frame: Its training frame, or a fold of one to split further.
        salt: Text for the hash; another one draws other groups.
    """
    key = spec.group or ROW_ID
    bucket = F.pmod(F.xxhash64(F.col(key).cast("string"), F.lit(salt)), F.lit(100))
    tested, calibrated = bucket < TEST_PERCENT, bucket < TEST_PERCENT + CALIBRATE_PERCENT
    by = f"by hash of {key}" if spec.group is None else f"by {key}, whole groups"
    if spec.time is None:
        by += "; no time column, so nothing later is held out"
        train, test = frame.where(~tested), frame.where(tested)
    else:
        days = frame.agg(F.percentile(F.unix_date(spec.time), F.lit(TRAIN_TIME_SHARE))).collect()
        cut = date(1970, 1, 1) + timedelta(days=int(days[0][0]))
        day = F.lit(cut)
        test = frame.where(tested & (F.col(spec.time) >= day))
        train = _as_known_on(frame.where(~tested & (F.col(spec.time) < day)), spec.time, day)
        by += f"; listings from {cut} on are held out in time"
    return Folds(train.where(~calibrated), train.where(calibrated), test, by)


def _as_known_on(frame: DataFrame, time: str, day: Column) -> DataFrame:
    followed = F.datediff(day, F.col(time)).cast("double")
    seen = F.col(DURATION) <= followed
    return frame.withColumns(
        {
            OBSERVED: F.when(seen, F.col(OBSERVED)).otherwise(0.0),
            DURATION: F.when(seen, F.col(DURATION)).otherwise(followed),
        }
    )
