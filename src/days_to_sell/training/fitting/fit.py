"""Fitting: candidate pipeline, then calibration to ``days``, deterministic whatever the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from pyspark.ml import Pipeline, PipelineModel, Transformer
from pyspark.ml.feature import StringIndexer, StringIndexerModel, VectorAssembler
from pyspark.ml.regression import IsotonicRegression, LinearRegression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.spec import DURATION, OBSERVED, PREDICTION, ROW_ID, UNBOUNDED, Candidate, ModelSpec
from days_to_sell.training.columns import FEATURES, RAW, TARGET, WEIGHT
from days_to_sell.training.fitting.crossing import Pair, choose_pairs, collect_cells
from days_to_sell.training.fitting.pipeline import (
    REST,
    Seen,
    Stage,
    bucket_columns,
    bucket_stages,
    build_estimator,
    index_columns,
    index_stages,
    reads_one_hot,
    vector_stages,
)
from days_to_sell.training.preparing.order import keep

RAW_VECTOR = "raw_vector"
SHORTEST = 0.5
LEAST_SOLD = 5
OUTCOME = (ROW_ID, DURATION, OBSERVED, TARGET, WEIGHT)


@dataclass(frozen=True)
class Encoded:
    """Folds as vectors of features, kept in memory, so that an estimator's passes do not encode again.

    Args:
        stages: The fitted stages from derived columns to vectors.
        fit, calibrate: Outcome columns and ``features``.
    """

    stages: tuple[Transformer, ...]
    fit: DataFrame
    calibrate: DataFrame


def encode(
    spec: ModelSpec, candidates: Sequence[Candidate], fit: DataFrame, calibrate: DataFrame
) -> dict[bool, Encoded]:
    """Fit what stands before the estimators, once for all candidates.

    Args:
        spec: The model.
        candidates: What is to be fitted.
        fit: Rows to fit on, in order, with derived columns, ``target`` and ``weight``.
        calibrate: Rows of other groups to calibrate on, likewise.

    Returns:
        The folds as vectors, one-hot (True) and in buckets (False), where a candidate reads them.
    """
    ranks = _fit_ranks(spec, fit)
    ranked = ranks.transform(fit)
    seen = Seen(_occupied(spec, ranked), {})
    buckets = PipelineModel(stages=[*bucket_stages(spec, seen)])
    bucketed = [buckets.transform(ranked), buckets.transform(ranks.transform(calibrate))]
    seen = replace(seen, pairs=_crossed_pairs(spec, seen, bucketed[0]))
    encoded = {}
    for one_hot in sorted({reads_one_hot(candidate) for candidate in candidates}):
        vectors = Pipeline(stages=vector_stages(spec, one_hot=one_hot, seen=seen)).fit(bucketed[0])
        folds = (keep(vectors.transform(fold).select(*OUTCOME, FEATURES)) for fold in bucketed)
        encoded[one_hot] = Encoded((*ranks.stages, *buckets.stages, *vectors.stages), *folds)
    return encoded


def _fit_ranks(spec: ModelSpec, fit: DataFrame) -> PipelineModel:
    """Fit the stages from categories to ranks in one pass; only stages of one column each export."""
    stages = index_stages(spec)
    indexers = [stage for stage in stages if isinstance(stage, StringIndexer)]
    fitted: dict[str, Stage] = {}
    if indexers:
        columns = zip(*((each.getInputCol(), each.getOutputCol()) for each in indexers), strict=True)
        inputs, outputs = map(list, columns)
        together = StringIndexer(inputCols=inputs, outputCols=outputs, handleInvalid="keep").fit(fit)
        for each, labels in zip(indexers, together.labelsArray, strict=True):
            fitted[each.uid] = StringIndexerModel.from_labels(
                list(labels), each.getInputCol(), each.getOutputCol(), each.getHandleInvalid()
            )
    return Pipeline(stages=[fitted.get(stage.uid, stage) for stage in stages]).fit(fit)


def _occupied(spec: ModelSpec, indexed: DataFrame) -> dict[str, frozenset[float]]:
    """Collect, by feature, the cuts that occur, or the ranks to tell apart, with ``REST`` for others."""
    columns = index_columns(spec)
    if not columns:
        return {}
    places = [
        F.struct(F.lit(name).alias("name"), F.col(column).alias("value")) for name, column in columns.items()
    ]
    placed = indexed.select(OBSERVED, F.explode(F.array(*places)).alias("place"))
    sold: dict[str, dict[float, float]] = {name: {} for name in columns}
    for (name, value), sales in placed.groupBy("place").agg(F.sum(OBSERVED)).collect():
        sold[name][value] = sales
    tops = {category.name: category.top for category in spec.categories}
    return {
        name: told_apart(sales, tops[name]) if name in tops else frozenset(sales)
        for name, sales in sold.items()
    }


def told_apart(sales: Mapping[float, float], top: int) -> frozenset[float]:
    """Choose the ranks that get a bucket of their own, so that every bucket was seen to sell.

    A bucket only seen unsold has no finite coefficient in a survival regression, and one of few sales none to
    rely on. So the first rank like that and those above it are left to the rest, and where the rest alone is
    like that, the rarest of the others are too.

    Args:
        sales: Rank to the number of sales seen.
        top: Most ranks to tell apart.

    Returns:
        The ranks, and ``REST`` where others occur.
    """
    ranks = sorted(sales)
    count = len(list(takewhile(lambda rank: sales[rank] >= LEAST_SOLD, ranks[:top])))
    while 0 < count < len(ranks) and sum(sales[rank] for rank in ranks[count:]) < LEAST_SOLD:
        count -= 1
    rest = [REST] if count < len(ranks) else []
    return frozenset([*ranks[:count], *rest])


def _crossed_pairs(spec: ModelSpec, seen: Seen, bucketed: DataFrame) -> dict[str, tuple[Pair, ...]]:
    """Choose the pairs of each crossed feature among those that were seen to sell often enough."""
    indexes, buckets = index_columns(spec), bucket_columns(spec, seen)
    pairs = {}
    for crossed in spec.crossed:
        first, second = crossed.parts
        chosen: tuple[Pair, ...] = ()
        if first in buckets and second in buckets:
            columns = (indexes[first], indexes[second]), (buckets[first], buckets[second])
            cells = collect_cells(bucketed.where(f"{OBSERVED} = 1"), *columns)
            chosen = choose_pairs([cell for cell in cells if cell.rows >= LEAST_SOLD], crossed.top)
        pairs[crossed.name] = chosen
    return pairs


def fit_candidate(spec: ModelSpec, candidate: Candidate, encoded: Encoded) -> PipelineModel:
    """Fit one candidate and the calibration that makes its output expected days.

    Args:
        spec: The model.
        candidate: The estimator and its parameters.
        encoded: The folds as the candidate reads them.

    Returns:
        One pipeline from derived columns to ``days``, by way of ``days_unbounded``.
    """
    estimator = build_estimator(spec, candidate).fit(encoded.fit)
    return PipelineModel(stages=[*encoded.stages, *calibrated(spec, estimator, encoded)])


def calibrated(spec: ModelSpec, estimator: Transformer, encoded: Encoded) -> list[Transformer]:
    """Follow a fitted estimator by the stages that make its output expected days.

    Args:
        spec: The model.
        estimator: From ``features`` to ``raw``.
        encoded: For its calibration fold.

    Returns:
        Stages from ``features`` to ``days``.
    """
    as_vector = VectorAssembler(inputCols=[RAW], outputCol=RAW_VECTOR, handleInvalid="keep")
    recalibration = LinearRegression(
        featuresCol=RAW_VECTOR, labelCol=TARGET, weightCol=WEIGHT, predictionCol=UNBOUNDED, solver="normal"
    )
    raw = as_vector.transform(estimator.transform(encoded.calibrate))
    known = raw.select(RAW_VECTOR, TARGET, WEIGHT).where(f"{WEIGHT} > 0")
    return [estimator, as_vector, recalibration.fit(known), _bounds(spec, known)]


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
