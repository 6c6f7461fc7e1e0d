"""Fitting: candidate pipeline, then calibration to ``days``, deterministic whatever the cluster."""

from __future__ import annotations

from pyspark.ml import PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import IsotonicRegression, LinearRegression
from pyspark.sql import DataFrame

from days_to_sell.spec import PREDICTION, ROW_ID, UNBOUNDED, Candidate, ModelSpec
from days_to_sell.training.pipeline import RAW, TARGET, WEIGHT, build_pipeline

RAW_VECTOR = "raw_vector"
SHORTEST = 0.5


def in_order(frame: DataFrame, spec: ModelSpec) -> DataFrame:
    """Fix partitions and row order, on which Spark's trees depend, and keep them."""
    return frame.repartition(spec.partitions, ROW_ID).sortWithinPartitions(ROW_ID).cache()


def fit_candidate(
    spec: ModelSpec, candidate: Candidate, fit: DataFrame, calibrate: DataFrame
) -> PipelineModel:
    """Fit one candidate and the calibration that makes its output expected days.

    Args:
        spec: The model.
        candidate: The estimator and its parameters.
        fit: Rows to fit on, in order, with derived columns, ``target`` and ``weight``.
        calibrate: Rows of other groups to calibrate on, likewise.

    Returns:
        One pipeline from derived columns to ``days``, by way of ``days_unbounded``.
    """
    fitted = build_pipeline(spec, candidate).fit(fit)
    as_vector = VectorAssembler(inputCols=[RAW], outputCol=RAW_VECTOR, handleInvalid="keep")
    recalibration = LinearRegression(
        featuresCol=RAW_VECTOR, labelCol=TARGET, weightCol=WEIGHT, predictionCol=UNBOUNDED, solver="normal"
    )
    raw = as_vector.transform(fitted.transform(calibrate)).select(ROW_ID, RAW_VECTOR, TARGET, WEIGHT)
    known = in_order(raw.where(f"{WEIGHT} > 0"), spec)
    stages = [*fitted.stages, as_vector, recalibration.fit(known), _bounds(spec, known)]
    known.unpersist()
    return PipelineModel(stages=stages)


def _bounds(spec: ModelSpec, frame: DataFrame) -> PipelineModel:
    """Keep ``days`` between the shortest duration and the horizon.

    No exportable stage clips, but an isotonic regression through two points on the diagonal is the identity
    between them and constant beyond.
    """
    corners = [(SHORTEST, SHORTEST, 1.0), (float(spec.horizon), float(spec.horizon), 1.0)]
    diagonal = frame.sparkSession.createDataFrame(
        corners, f"{UNBOUNDED} double, {TARGET} double, weight double"
    )
    return IsotonicRegression(featuresCol=UNBOUNDED, labelCol=TARGET, predictionCol=PREDICTION).fit(
        diagonal.coalesce(1)
    )
