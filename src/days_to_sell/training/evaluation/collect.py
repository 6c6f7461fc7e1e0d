"""From a fold to the driver: the one place where evaluation meets Spark."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.spec import DURATION, OBSERVED, PREDICTION, ROW_ID, ModelSpec
from days_to_sell.training.columns import TARGET, WEIGHT


def collect(frame: DataFrame, spec: ModelSpec, *, at_most: int | None = None) -> pd.DataFrame:
    """Bring what evaluation reads of a fold to the driver, in the order of ``row_id``.

    Args:
        frame: A fold, derived, with or without ``days``.
        spec: The model, for the columns of its features, group, slices, segment and place.
        at_most: Rows to keep, those of the lowest hash of ``row_id``; all when not given.

    Returns:
        ``row_id``, ``duration``, ``observed``, ``target``, ``weight`` and ``days`` as far as they are there,
        the group, and the columns that features, slices, the segment and the place name.
    """
    wanted = list(dict.fromkeys(_columns(spec)))
    kept = frame.select(*[name for name in wanted if name in frame.columns])
    if at_most is not None:
        kept = kept.orderBy(F.xxhash64(F.col(ROW_ID), F.lit("sample")), ROW_ID).limit(at_most)
    rows: pd.DataFrame = kept.toPandas()
    return rows.sort_values(ROW_ID, ignore_index=True)


def predict(model: PipelineModel, frame: DataFrame, spec: ModelSpec) -> pd.DataFrame:
    """Predict a fold and collect it, with ``days``."""
    return collect(model.transform(frame), spec)


def _columns(spec: ModelSpec) -> Iterator[str]:
    yield from (ROW_ID, DURATION, OBSERVED, TARGET, WEIGHT, PREDICTION)
    yield from (spec.group,) if spec.group else ()
    yield from (each.column for each in spec.judgement.slices)
    yield from spec.judgement.segment
    yield from (spec.judgement.place.column,) if spec.judgement.place else ()
    yield from (feature.name for feature in spec.features)
