"""From a spec to an unfitted Spark ML pipeline whose every stage MLeap can carry.

A category becomes its frequency rank, cut at the spec's bound: rank K and above, unseen and missing share the
last bucket. A bucketed number is cut twice, for the first cut puts a missing value into a bucket that its own
column metadata does not count, and trees refuse to fit on that. Trees read buckets as they are, linear models
read them one-hot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from pyspark.ml import Estimator, Pipeline, Transformer, regression
from pyspark.ml.feature import Bucketizer, OneHotEncoder, StringIndexer, VectorAssembler

from days_to_sell.spec import DURATION, OBSERVED, Bucketed, Candidate, Category, Feature, ModelSpec

Stage = Estimator[Any] | Transformer
FEATURES, RAW, TARGET, WEIGHT = "features", "raw", "target", "weight"
INFINITY = float("inf")
TREES = frozenset({"GBTRegressor"})
SPARK_MAX_BINS = 32


def build_pipeline(spec: ModelSpec, candidate: Candidate) -> Pipeline:
    """Build the stages from derived columns to the candidate's ``raw`` prediction.

    Args:
        spec: The model.
        candidate: The estimator to end in.
    """
    vectors = vector_stages(spec, one_hot=reads_one_hot(candidate))
    return Pipeline(stages=[*bucket_stages(spec), *vectors, build_estimator(spec, candidate)])


def reads_one_hot(candidate: Candidate) -> bool:
    """Whether a candidate reads buckets one-hot, or as they are."""
    return candidate.estimator not in TREES


def bucket_stages(spec: ModelSpec) -> list[Stage]:
    """Build the stages from categories and bucketed numbers to buckets, the same for all candidates."""
    return [stage for feature in spec.features for stage in _feature_stages(feature)]


def vector_stages(spec: ModelSpec, *, one_hot: bool) -> list[Stage]:
    """Build the stages from numbers and buckets to one vector of ``features``."""
    stages: list[Stage] = []
    encoded = [feature for feature in spec.features if _is_bucket(feature)]
    if one_hot and encoded:
        stages.append(
            OneHotEncoder(
                inputCols=[_output(feature, False) for feature in encoded],
                outputCols=[_output(feature, True) for feature in encoded],
                handleInvalid="keep",
            )
        )
    inputs = [_output(feature, one_hot) for feature in spec.features]
    return [*stages, VectorAssembler(inputCols=inputs, outputCol=FEATURES, handleInvalid="error")]


def _feature_stages(feature: Feature) -> Iterator[Stage]:
    name, bucket = feature.name, _output(feature, False)
    if isinstance(feature, Category):
        rank = f"{name}__rank"
        yield StringIndexer(inputCol=name, outputCol=rank, handleInvalid="keep")
        yield _bucketizer(rank, bucket, _bucket_edges(feature))
    elif isinstance(feature, Bucketed):
        cut = f"{name}__cut"
        yield _bucketizer(name, cut, [-INFINITY, *feature.splits, INFINITY])
        yield _bucketizer(cut, bucket, _bucket_edges(feature))


def _bucket_edges(feature: Category | Bucketed) -> list[float]:
    """Edges of the last cut: one bucket a rank and one for the rest, or one a cut and one for missing."""
    if isinstance(feature, Category):
        return [*map(float, range(feature.top + 1)), INFINITY]
    return [float(edge) for edge in range(len(feature.splits) + 3)]


def _bucketizer(source: str, target: str, splits: list[float]) -> Bucketizer:
    return Bucketizer(inputCol=source, outputCol=target, splits=splits, handleInvalid="keep")


def _is_bucket(feature: Feature) -> TypeGuard[Category | Bucketed]:
    return isinstance(feature, Category | Bucketed)


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
    if candidate.estimator in TREES:
        columns["maxBins"] = max(
            SPARK_MAX_BINS, *(len(_bucket_edges(f)) for f in spec.features if _is_bucket(f))
        )
    return estimator(**columns | dict(candidate.parameters))
