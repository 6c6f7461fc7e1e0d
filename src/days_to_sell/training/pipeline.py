"""From a spec to an unfitted Spark ML pipeline whose every stage MLeap can carry.

A category becomes its frequency rank, cut at the spec's bound: rank K and above, unseen and missing share the
last bucket. A bucketed number is cut twice, for the first cut puts a missing value into a bucket that its own
column metadata does not count, and trees refuse to fit on that. Trees read buckets as they are, linear models
read them one-hot. No bucket is empty but the last, which is that of no column: least squares on a column that
never varies is singular, and Spark then takes to a solver whose answers differ from run to run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeGuard

from pyspark.ml import Estimator, Pipeline, Transformer, regression
from pyspark.ml.feature import Bucketizer, OneHotEncoder, StringIndexer, VectorAssembler

from days_to_sell.spec import DURATION, OBSERVED, Bucketed, Candidate, Category, Feature, ModelSpec

Stage = Estimator[Any] | Transformer
FEATURES, RAW, TARGET, WEIGHT = "features", "raw", "target", "weight"
INFINITY = float("inf")
TREES = frozenset({"GBTRegressor"})
SPARK_MAX_BINS = 32
# Where the last bucket of a feature has no rows, its other columns sum to one, as the intercept does.
RIDGE = 1e-3
Occupied = Mapping[str, Collection[float]]


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


def bucket_stages(spec: ModelSpec, occupied: Occupied | None = None) -> list[Bucketizer]:
    """Build the stages from ranks and cuts to buckets.

    Args:
        spec: The model.
        occupied: Feature to the ranks or cuts that occur; all when not given.
    """
    return [
        _bucketizer(_index(feature), _output(feature, False), _bucket_edges(feature, occupied))
        for feature in _told_apart(spec, occupied)
        if _is_bucket(feature)
    ]


def vector_stages(spec: ModelSpec, *, one_hot: bool, occupied: Occupied | None = None) -> list[Stage]:
    """Build the stages from numbers and buckets to one vector of ``features``.

    One-hot, the last bucket is that of no column.
    """
    stages: list[Stage] = []
    features = _told_apart(spec, occupied)
    encoded = [feature for feature in features if _is_bucket(feature)]
    if one_hot and encoded:
        stages.append(
            OneHotEncoder(
                inputCols=[_output(feature, False) for feature in encoded],
                outputCols=[_output(feature, True) for feature in encoded],
            )
        )
    inputs = [_output(feature, one_hot) for feature in features]
    return [*stages, VectorAssembler(inputCols=inputs, outputCol=FEATURES, handleInvalid="error")]


def _told_apart(spec: ModelSpec, occupied: Occupied | None) -> list[Feature]:
    """Leave out what has but one bucket in the data: a column that never varies."""
    if occupied is None:
        return list(spec.features)
    return [f for f in spec.features if not _is_bucket(f) or len(occupied[f.name]) > 1]


def _bucket_edges(feature: Category | Bucketed, occupied: Occupied | None) -> list[float]:
    """Edges of the last cut: a bucket a rank and one for the rest, or a bucket a cut and one for missing.

    A rank that does not occur has no bucket, and a cut without rows is one with the cut below it.
    """
    found = None if occupied is None else occupied[feature.name]
    if isinstance(feature, Category):
        ranks = feature.top if found is None else min(feature.top, len(found))
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
