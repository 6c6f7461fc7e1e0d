"""Blocks of stages that make features: indices, buckets, one-hot vectors, and vectors of other vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb

from pyspark.ml import feature as F
from pyspark.ml.linalg import Vectors

from tests.parity.generated_draft import Block, Draft, Stage
from tests.parity.generated_frame import VECTOR

INF = float("inf")


def _bucketizers(draft: Draft) -> None:
    for _ in range(2):
        column, source = draft.name("bucket"), draft.chance.choice("abc")
        inner = sorted(
            {round(draft.chance.uniform(-1.5, 2.0), 2) for _ in range(draft.chance.randrange(1, 4))} | {0.0}
        )
        choice = draft.chance.choices(("keep", "error", "skip"), (8, 1, 1))[0]
        splits = [-INF, *inner, INF]
        stage = F.Bucketizer(inputCol=source, outputCol=column, splits=splits, handleInvalid=choice)
        (draft.dropping if choice == "skip" else draft.stages).append(stage)
        draft.indices[column] = len(splits) - 1


def _narrow_bucketizer(draft: Draft) -> None:
    """Buckets with an end, which refuse what lies beyond."""
    column = draft.name("bucket")
    splits = [-1e5, -1.0, 0.0, 1.5, 1e5]
    draft.stages.append(F.Bucketizer(inputCol="b", outputCol=column, splits=splits, handleInvalid="keep"))
    draft.indices[column] = len(splits) - 1


def _quantiles(draft: Draft) -> None:
    column = draft.name("quantile")
    draft.stages.append(
        F.QuantileDiscretizer(inputCol="c", outputCol=column, numBuckets=4, handleInvalid="keep")
    )
    draft.indices[column] = 4


def _binarizers(draft: Draft) -> None:
    column, threshold = draft.name("binary"), round(draft.chance.uniform(-1.0, 1.0), 3)
    draft.stages.append(
        F.Binarizer(inputCol=draft.chance.choice("abc"), outputCol=column, threshold=threshold)
    )
    vector, source = draft.name("binaries"), draft.narrow(20)
    draft.stages.append(F.Binarizer(inputCol=source, outputCol=vector, threshold=abs(threshold)))
    draft.vectors[vector] = draft.vectors[source]
    draft.positive.append(vector)


def _labels(draft: Draft) -> None:
    # The other indices do not know the names of their categories.
    ranks = [name for name in draft.indices if name.startswith("fuel")]
    draft.stages.append(
        F.IndexToString(
            inputCol=draft.pick(ranks),
            outputCol=draft.name("label"),
            labels=[
                "petrol",
                "Diesel",
                "électrique",
                "and any other",
            ],
        )
    )


def _encoders(draft: Draft) -> None:
    sources = draft.chance.sample(
        sorted(draft.indices), min(len(draft.indices), draft.chance.randrange(1, 4))
    )
    targets = [draft.name("hot") for _ in sources]
    keep, drop = draft.chance.choice(("keep", "error")), draft.chance.random() < 0.5
    draft.stages.append(
        F.OneHotEncoder(
            inputCols=sources,
            outputCols=targets,
            handleInvalid="keep" if keep == "keep" else "error",
            dropLast=drop,
        )
    )
    wide, beside = draft.name("features"), draft.narrow(6)
    for source, target in zip(sources, targets, strict=True):
        draft.vectors[target] = draft.indices[source] + (keep == "keep") - drop
        draft.one_hots.append(target)
        draft.positive.append(target)
    parts = [*targets, beside]
    draft.stages.append(F.VectorAssembler(inputCols=parts, outputCol=wide, handleInvalid="keep"))
    draft.vectors[wide] = sum(draft.vectors[part] for part in parts)


def _interaction(draft: Draft) -> None:
    if not draft.one_hots:
        _encoders(draft)
    column = draft.name("pairs")
    others = [*draft.indices, "a", "c", VECTOR, *draft.one_hots]
    parts = list(dict.fromkeys([draft.pick(draft.one_hots), draft.pick(others), draft.pick(others)]))[:3]
    if len(parts) == 1:
        parts.append("b")
    draft.stages.append(F.Interaction(inputCols=parts, outputCol=column))
    width = 1
    for part in parts:
        width *= draft.vectors.get(part) or draft.indices.get(part) or 1
    draft.vectors[column] = width


def _hasher(draft: Draft) -> None:
    column, size = draft.name("hashed"), draft.chance.choice((5, 16, 64))
    parts = draft.chance.sample(["make", "fuel", "a", "code", "count"], draft.chance.randrange(2, 5))
    categories = [part for part in parts if part in ("code", "count") and draft.chance.random() < 0.5]
    draft.stages.append(
        F.FeatureHasher(inputCols=parts, outputCol=column, numFeatures=size, categoricalCols=categories)
    )
    draft.vectors[column] = size


def _scaler(make: Callable[[Draft, str, str], Stage], positive: bool = False) -> Block:
    def block(draft: Draft) -> None:
        source, target = draft.narrow(40), draft.name("scaled")
        draft.stages.append(make(draft, source, target))
        draft.vectors[target] = draft.vectors[source]
        if positive:
            draft.positive.append(target)

    return block


def _standard(draft: Draft, source: str, target: str) -> Stage:
    mean, std = draft.chance.choice(((True, True), (True, False), (False, True)))
    return F.StandardScaler(inputCol=source, outputCol=target, withMean=mean, withStd=std)


def _min_max(draft: Draft, source: str, target: str) -> Stage:
    low, high = draft.chance.choice(((0.0, 1.0), (0.5, 2.0), (-1.0, 1.0)))
    return F.MinMaxScaler(inputCol=source, outputCol=target, min=low, max=high)


def _max_abs(draft: Draft, source: str, target: str) -> Stage:
    return F.MaxAbsScaler(inputCol=source, outputCol=target)


def _normalizer(draft: Draft, source: str, target: str) -> Stage:
    return F.Normalizer(inputCol=source, outputCol=target, p=draft.chance.choice((1.0, 2.0, 3.0, 1.5)))


def _elementwise(draft: Draft, source: str, target: str) -> Stage:
    factors = [draft.chance.choice((0.0, 1.0, -2.5, 0.3)) for _ in range(draft.vectors[source])]
    return F.ElementwiseProduct(inputCol=source, outputCol=target, scalingVec=Vectors.dense(factors))


def _polynomial(draft: Draft) -> None:
    source, target, degree = draft.narrow(5), draft.name("powers"), draft.chance.choice((2, 3))
    draft.stages.append(F.PolynomialExpansion(inputCol=source, outputCol=target, degree=degree))
    draft.vectors[target] = comb(draft.vectors[source] + degree, degree) - 1


def _pca(draft: Draft) -> None:
    source, target = draft.narrow(20), draft.name("components")
    k = min(draft.vectors[source], draft.chance.choice((1, 2, 3)))
    draft.stages.append(F.PCA(inputCol=source, outputCol=target, k=k))
    draft.vectors[target] = k


def _slicer(draft: Draft) -> None:
    source, target = draft.pick(draft.without_unseen()), draft.name("slice")
    width = draft.vectors[source]
    indices = draft.chance.sample(range(min(width, 9)), min(width, 9, draft.chance.randrange(1, 5)))
    draft.stages.append(F.VectorSlicer(inputCol=source, outputCol=target, indices=indices))
    draft.vectors[target] = len(indices)


def _vector_indexer(draft: Draft) -> None:
    source, target = draft.name("codes"), draft.name("indexed")
    choice = draft.chance.choice(("keep", "keep", "error"))
    draft.stages += [
        F.VectorAssembler(inputCols=["code", "a", "count"], outputCol=source, handleInvalid="keep"),
        F.VectorIndexer(inputCol=source, outputCol=target, maxCategories=6, handleInvalid=choice),
    ]
    draft.vectors |= {source: 3, target: 3}


INDEXING: Sequence[Block] = (
    _bucketizers,
    _narrow_bucketizer,
    _quantiles,
    _binarizers,
    _labels,
    _encoders,
    _interaction,
    _hasher,
)
VECTORS: Sequence[Block] = (
    _scaler(_standard),
    _scaler(_min_max),
    _scaler(_max_abs),
    _scaler(_normalizer),
    _scaler(_elementwise),
    _polynomial,
    _pca,
    _slicer,
    _vector_indexer,
)
