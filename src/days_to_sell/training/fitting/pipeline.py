"""From a spec to an unfitted Spark ML pipeline whose every stage MLeap can carry.

A category becomes its frequency rank, cut at the spec's bound: rank K and above, unseen and missing share the
last bucket. A bucketed number is cut twice, for the first cut puts a missing value into a bucket that its own
column metadata does not count, and trees refuse to fit on that. Trees read buckets as they are, linear models
read them one-hot, and crossed pairs beside them. No bucket is empty but the last, which is that of no column,
and no pair is one that the buckets tell already: least squares on a column that never varies, or that others
add up to, is singular, and Spark then takes to a solver whose answers differ from run to run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from pyspark.ml import Estimator, Pipeline, Transformer, regression
from pyspark.ml.feature import Bucketizer, OneHotEncoder, StringIndexer, VectorAssembler

from days_to_sell.spec import DURATION, OBSERVED, Bucketed, Candidate, Category, Crossed, Feature, ModelSpec
from days_to_sell.training.columns import FEATURES, RAW, TARGET, WEIGHT
from days_to_sell.training.fitting.crossing import Pair, crossing_stages, first_pairs

Stage = Estimator[Any] | Transformer
INFINITY = float("inf")
REST = INFINITY
TREES = frozenset({"GBTRegressor", "RandomForestRegressor"})
SPARK_MAX_BINS = 32
# Where the last bucket of a feature has no rows, its other columns sum to one, as the intercept does.
RIDGE = 1e-3


@dataclass(frozen=True)
class Seen:
    """What the data that is fitted holds.

    Args:
        occupied: Bucketed number to the cuts that occur, category to the ranks to tell apart, with ``REST``
            where others occur.
        pairs: Crossed feature to the pairs of ranks or cuts that get a column.
    """

    occupied: Mapping[str, Collection[float]]
    pairs: Mapping[str, tuple[Pair, ...]]


def build_pipeline(spec: ModelSpec, candidate: Candidate) -> Pipeline:
    """Build the stages from derived columns to the candidate's ``raw`` prediction, for data yet unseen.

    Args:
        spec: The model.
        candidate: The estimator to end in.
    """
    vectors = vector_stages(spec, one_hot=reads_one_hot(candidate))
    stages = [*index_stages(spec), *bucket_stages(spec), *vectors, build_estimator(spec, candidate)]
    return Pipeline(stages=stages)


def reads_one_hot(candidate: Candidate) -> bool:
    """Whether a candidate reads buckets one-hot, or as they are."""
    return candidate.estimator not in TREES


def index_columns(spec: ModelSpec) -> dict[str, str]:
    """Name, by feature, the columns that :func:`index_stages` writes."""
    return {feature.name: _index(feature) for feature in spec.features if _is_bucket(feature)}


def index_stages(spec: ModelSpec) -> list[Stage]:
    """Build the stages that turn categories into ranks, and cut numbers."""
    stages: list[Stage] = []
    for feature in spec.features:
        if isinstance(feature, Category):
            stages.append(
                StringIndexer(inputCol=feature.name, outputCol=_index(feature), handleInvalid="keep")
            )
        elif isinstance(feature, Bucketed):
            stages.append(_bucketizer(feature.name, _index(feature), [-INFINITY, *feature.splits, INFINITY]))
    return stages


def bucket_stages(spec: ModelSpec, seen: Seen | None = None) -> list[Bucketizer]:
    """Build the stages from ranks and cuts to buckets.

    Args:
        spec: The model.
        seen: What the data holds; when not given, as if everything occurred.
    """
    return [
        _bucketizer(_index(feature), _output(feature, False), _bucket_edges(feature, seen))
        for feature in _told_apart(spec, seen)
        if _is_bucket(feature)
    ]


def bucket_columns(spec: ModelSpec, seen: Seen) -> dict[str, str]:
    """Name, by feature, the columns that :func:`bucket_stages` writes."""
    return {f.name: _output(f, False) for f in _told_apart(spec, seen) if _is_bucket(f)}


def vector_stages(spec: ModelSpec, *, one_hot: bool, seen: Seen | None = None) -> list[Stage]:
    """Build the stages from numbers and buckets to one vector of ``features``.

    One-hot, the last bucket is that of no column, and crossed pairs follow the features.
    """
    stages: list[Stage] = []
    features = _told_apart(spec, seen)
    encoded = [feature for feature in features if _is_bucket(feature)]
    if one_hot and encoded:
        stages.append(
            OneHotEncoder(
                inputCols=[_output(feature, False) for feature in encoded],
                outputCols=[_output(feature, True) for feature in encoded],
            )
        )
    inputs = [_output(feature, one_hot) for feature in features]
    for crossed in spec.crossed if one_hot else ():
        if pairs := _pairs(spec, crossed, seen):
            first, second = (index_columns(spec)[part] for part in crossed.parts)
            stages += crossing_stages(crossed, (first, second), pairs)
            inputs.append(crossed.name)
    return [*stages, VectorAssembler(inputCols=inputs, outputCol=FEATURES, handleInvalid="error")]


def _pairs(spec: ModelSpec, crossed: Crossed, seen: Seen | None) -> tuple[Pair, ...]:
    """Give the pairs that get a column; before there is data, as many as may."""
    if seen is not None:
        return seen.pairs[crossed.name]
    ranks = {f.name: len(_bucket_edges(f, None)) - 1 for f in spec.features if _is_bucket(f)}
    return first_pairs(ranks[crossed.parts[0]], ranks[crossed.parts[1]], crossed.top)


def _told_apart(spec: ModelSpec, seen: Seen | None) -> list[Feature]:
    """Leave out what has but one bucket in the data: a column that never varies."""
    if seen is None:
        return list(spec.features)
    return [f for f in spec.features if not _is_bucket(f) or len(seen.occupied[f.name]) > 1]


def _bucket_edges(feature: Category | Bucketed, seen: Seen | None) -> list[float]:
    """Edges of the last cut: a bucket a rank and one for the rest, or a bucket a cut and one for missing.

    A rank that is not told apart is one with the rest, and a cut without rows one with the cut below it.
    """
    found = None if seen is None else seen.occupied[feature.name]
    if isinstance(feature, Category):
        ranks = feature.top if found is None else len({*found} - {REST})
        return [*map(float, range(ranks + 1)), INFINITY]
    missing = float(len(feature.splits) + 1)
    cuts = [float(cut) for cut in range(int(missing))] if found is None else sorted({*found} - {missing})
    return [0.0, *cuts[1:], missing, missing + 1]


def _bucketizer(source: str, target: str, splits: list[float]) -> Bucketizer:
    return Bucketizer(inputCol=source, outputCol=target, splits=splits, handleInvalid="keep")


def _is_bucket(feature: Feature) -> TypeGuard[Category | Bucketed]:
    return isinstance(feature, Category | Bucketed)


def _index(feature: Feature) -> str:
    return f"{feature.name}__rank" if isinstance(feature, Category) else f"{feature.name}__cut"


def _output(feature: Feature, one_hot: bool) -> str:
    if not _is_bucket(feature):
        return feature.name
    return f"{feature.name}__one_hot" if one_hot else f"{feature.name}__bucket"


def build_estimator(spec: ModelSpec, candidate: Candidate) -> Estimator[Any]:
    """Make the estimator; survival regression takes the censoring itself, the others weights for it."""
    estimator: type[Estimator[Any]] = getattr(regression, candidate.estimator)
    columns: dict[str, Any] = {"featuresCol": FEATURES, "predictionCol": RAW}
    if candidate.estimator == "AFTSurvivalRegression":
        columns |= {"labelCol": DURATION, "censorCol": OBSERVED}
    else:
        columns |= {"labelCol": TARGET, "weightCol": WEIGHT}
    if candidate.estimator == "GeneralizedLinearRegression":
        columns["regParam"] = RIDGE
    if candidate.estimator in TREES:
        edges = (_bucket_edges(feature, None) for feature in spec.features if _is_bucket(feature))
        columns["maxBins"] = max(SPARK_MAX_BINS, *map(len, edges))
    return estimator(**columns | dict(candidate.parameters))
