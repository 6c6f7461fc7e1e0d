"""From a spec to an unfitted Spark ML pipeline whose every stage MLeap can carry.

A category becomes its frequency rank, cut at the spec's bound: rank K and above, unseen and missing share the
last bucket. A bucketed number is cut twice, for the first cut puts a missing value into a bucket that its own
column metadata does not count, and trees refuse to fit on that. Trees read buckets as they are, linear models
read them one-hot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyspark.ml import Estimator, Pipeline, Transformer, regression
from pyspark.ml.feature import Bucketizer, OneHotEncoder, StringIndexer, VectorAssembler

from days_to_sell.spec import DURATION, OBSERVED, Bucketed, Candidate, Category, Feature, ModelSpec

Stage = Estimator[Any] | Transformer
FEATURES, RAW, TARGET, WEIGHT = "features", "raw", "target", "weight"
INFINITY = float("inf")
TREES = frozenset({"GBTRegressor"})


def build_pipeline(spec: ModelSpec, candidate: Candidate) -> Pipeline:
    """Build the stages from derived columns to the candidate's ``raw`` prediction.

    Args:
        spec: The model.
        candidate: The estimator to end in.
    """
    one_hot = candidate.estimator not in TREES
    stages: list[Stage] = []
    inputs = []
    for feature in spec.features:
        stages += _feature_stages(feature)
        inputs.append(_output(feature, one_hot))
    encoded = [feature for feature in spec.features if _is_bucket(feature)]
    if one_hot and encoded:
        stages.append(
            OneHotEncoder(
                inputCols=[_output(feature, False) for feature in encoded],
                outputCols=[_output(feature, True) for feature in encoded],
                handleInvalid="keep",
            )
        )
    stages.append(VectorAssembler(inputCols=inputs, outputCol=FEATURES, handleInvalid="error"))
    stages.append(_estimator(candidate))
    return Pipeline(stages=stages)


def _feature_stages(feature: Feature) -> Iterator[Stage]:
    name, bucket = feature.name, _output(feature, False)
    if isinstance(feature, Category):
        rank = f"{name}__rank"
        yield StringIndexer(inputCol=name, outputCol=rank, handleInvalid="keep")
        yield _bucketizer(rank, bucket, [*map(float, range(feature.top + 1)), INFINITY])
    elif isinstance(feature, Bucketed):
        cut = f"{name}__cut"
        yield _bucketizer(name, cut, [-INFINITY, *feature.splits, INFINITY])
        buckets_and_missing = len(feature.splits) + 2
        yield _bucketizer(cut, bucket, [float(edge) for edge in range(buckets_and_missing + 1)])


def _bucketizer(source: str, target: str, splits: list[float]) -> Bucketizer:
    return Bucketizer(inputCol=source, outputCol=target, splits=splits, handleInvalid="keep")


def _is_bucket(feature: Feature) -> bool:
    return isinstance(feature, Category | Bucketed)


def _output(feature: Feature, one_hot: bool) -> str:
    if not _is_bucket(feature):
        return feature.name
    return f"{feature.name}__one_hot" if one_hot else f"{feature.name}__bucket"


def _estimator(candidate: Candidate) -> Stage:
    """Make the estimator; survival regression takes the censoring itself, the others weights for it."""
    estimator: type[Estimator[Any]] = getattr(regression, candidate.estimator)
    columns = {"featuresCol": FEATURES, "predictionCol": RAW}
    if candidate.estimator == "AFTSurvivalRegression":
        columns |= {"labelCol": DURATION, "censorCol": OBSERVED}
    else:
        columns |= {"labelCol": TARGET, "weightCol": WEIGHT}
    return estimator(**columns, **candidate.parameters)
