"""Random pipelines over every operator that applies to tables.

Blocks of stages are dealt like cards: each round deals all of them to a few pipelines, so that every round
covers every operator, and what stands beside what is left to chance. A pipeline is known by its seed, round
and hand alone. Nothing shrinks a pipeline that fails: fitting one takes seconds, and the first stage that
differs tells more than a smaller pipeline would.

Stages that drop rows stand in front: Spark may drop a row before a stage that stands further up refuses it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import comb
from typing import Any

from pyspark.ml import Estimator, Pipeline, Transformer
from pyspark.ml import classification as C
from pyspark.ml import feature as F
from pyspark.ml import regression as R
from pyspark.ml.clustering import KMeans
from pyspark.ml.linalg import Vectors

from tests.parity.generated_frame import TEXTS, VECTOR, WIDTH

Stage = Estimator[Any] | Transformer
INF = float("inf")
HANDS = 3
LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log", "identity", "sqrt"),
    "gamma": ("inverse", "identity", "log"),
}


@dataclass
class Draft:
    """A pipeline while it grows.

    Args:
        chance: What decides.
        dropping: Stages that drop rows.
        stages: The stages behind them.
        indices: Columns that number categories, with how many there are.
        one_hots: One-hot vectors, with their width.
        vectors: All vectors, with their width.
        positive: Those of them that are never below zero.
        binary: Those of them that hold 0 and 1 alone.
        predictions: Numbers that are no features: what estimators wrote, and an index that has no names.
    """

    chance: random.Random
    dropping: list[Stage] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    indices: dict[str, int] = field(default_factory=dict)
    vectors: dict[str, int] = field(default_factory=dict)
    one_hots: list[str] = field(default_factory=list)
    positive: list[str] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)
    _names: int = 0

    def name(self, what: str) -> str:
        """Give a new column a name."""
        self._names += 1
        return f"{what}_{self._names}"

    def pick(self, columns: Sequence[str]) -> str:
        """Choose one of some columns."""
        return self.chance.choice(list(columns))

    def narrow(self, widest: int) -> str:
        """Choose a vector that is not too wide."""
        return self.pick([name for name, width in self.vectors.items() if width <= widest])


Block = Callable[[Draft], None]


def deal(seed: int) -> list[list[Stage]]:
    """Deal the blocks of one round to pipelines, and give the unfitted stages of each."""
    chance = random.Random(seed)  # noqa: S311 - tests, not secrets
    hands: list[list[Block]] = [[] for _ in range(HANDS)]
    for deck in (INDEXING, VECTORS, ESTIMATORS):
        cards = chance.sample(deck, len(deck))
        for place, card in enumerate(cards):
            hands[place % HANDS].append(card)
    return [_build(chance, hand) for hand in hands]


def _build(chance: random.Random, hand: Sequence[Block]) -> list[Stage]:
    draft = Draft(chance)
    _index(draft)
    _assemble(draft)
    for block in hand:
        block(draft)
    _assemble_predictions(draft)
    return [*draft.dropping, *_nested(draft)]


def _nested(draft: Draft) -> list[Stage]:
    """Put some stages that stand together into a pipeline of their own, and that perhaps into another."""
    stages = draft.stages
    start = draft.chance.randrange(len(stages) - 3)
    end = draft.chance.randrange(start + 2, len(stages))
    inner: Stage = Pipeline(stages=stages[start:end])
    if draft.chance.random() < 0.3:
        inner = Pipeline(stages=[inner])
    return [*stages[:start], inner, *stages[end:]]


def _index(draft: Draft) -> None:
    """Number the texts, as every pipeline does."""
    for text, values in TEXTS.items():
        column = draft.name(f"{text}_rank")
        choice = draft.chance.choices(("keep", "error", "skip"), (8, 1, 1))[0]
        if None in values and choice == "error":
            # The frame that is fitted holds null.
            choice = "keep"
        order = draft.chance.choice(("frequencyDesc", "frequencyAsc", "alphabetDesc", "alphabetAsc"))
        stage = F.StringIndexer(inputCol=text, outputCol=column, handleInvalid=choice, stringOrderType=order)
        (draft.dropping if choice == "skip" else draft.stages).append(stage)
        if "" in values:
            # Spark gives columns the names of categories, and takes no empty one.
            draft.predictions.append(column)
        else:
            draft.indices[column] = len({each for each in values if each is not None}) + (choice == "keep")


def _assemble(draft: Draft) -> None:
    """Put numbers together, and numbers with indices and the vector from outside."""
    numbers = draft.chance.sample(["a", "b", "c", "code", "same"], draft.chance.randrange(3, 6))
    plain = draft.name("numbers")
    draft.stages.append(F.VectorAssembler(inputCols=numbers, outputCol=plain, handleInvalid="keep"))
    draft.vectors[plain] = len(numbers)
    draft.vectors[VECTOR] = WIDTH
    mixed = draft.name("mixed")
    parts = draft.chance.sample([*draft.indices, "a", VECTOR, "count"], draft.chance.randrange(3, 6))
    draft.stages.append(F.VectorAssembler(inputCols=parts, outputCol=mixed, handleInvalid="keep"))
    draft.vectors[mixed] = len(parts) + (WIDTH - 1) * (VECTOR in parts)


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
    source, target = draft.pick(draft.vectors), draft.name("slice")
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


def _features(draft: Draft, widest: int = 60) -> str:
    return draft.narrow(widest)


def _predicts(draft: Draft, what: str) -> str:
    column = draft.name(what)
    draft.predictions.append(column)
    return column


def _linear(draft: Draft) -> None:
    draft.stages.append(
        R.LinearRegression(
            featuresCol=_features(draft),
            labelCol="days",
            predictionCol=_predicts(draft, "line"),
            regParam=0.1,
            maxIter=3,
            fitIntercept=draft.chance.random() < 0.8,
            solver="l-bfgs",
        )
    )


def _generalized(draft: Draft) -> None:
    """Several families with links, over a vector on which all of them converge."""
    tame = draft.name("tame")
    draft.stages.append(F.VectorAssembler(inputCols=["b"], outputCol=tame, handleInvalid="keep"))
    draft.vectors[tame] = 1
    for family in draft.chance.sample(sorted(LINKS), 2):
        link = draft.chance.choice(LINKS[family])
        draft.stages.append(
            R.GeneralizedLinearRegression(
                featuresCol=tame,
                family=family,
                link=link,
                maxIter=5,
                regParam=0.01,
                labelCol="sold" if family == "binomial" else "near",
                predictionCol=_predicts(draft, f"{family}_{link}"),
                linkPredictionCol=draft.name("eta"),
            )
        )


def _survival(draft: Draft) -> None:
    draft.stages.append(
        R.AFTSurvivalRegression(
            featuresCol=_features(draft, 8),
            labelCol="days",
            censorCol="sold",
            maxIter=3,
            predictionCol=_predicts(draft, "scale"),
            quantilesCol=draft.name("quantiles"),
            quantileProbabilities=[0.1, 0.5, 0.95],
        )
    )


def _isotonic(draft: Draft) -> None:
    source, vector = draft.pick([*draft.predictions, "a", "c"]), draft.narrow(10)
    draft.stages += [
        R.IsotonicRegression(featuresCol=source, labelCol="days", predictionCol=draft.name("step")),
        R.IsotonicRegression(
            featuresCol=vector,
            featureIndex=draft.vectors[vector] - 1,
            labelCol="near",
            predictionCol=_predicts(draft, "step"),
            isotonic=draft.chance.random() < 0.5,
        ),
    ]


def _trees(draft: Draft) -> dict[str, Any]:
    return {
        "featuresCol": _features(draft, 30),
        "maxDepth": draft.chance.randrange(1, 6),
        "maxBins": 32,
        "seed": draft.chance.randrange(99),
    }


def _tree(draft: Draft) -> None:
    draft.stages.append(
        R.DecisionTreeRegressor(**_trees(draft), labelCol="days", predictionCol=_predicts(draft, "tree"))
    )


def _forest(draft: Draft) -> None:
    draft.stages.append(
        R.RandomForestRegressor(
            **_trees(draft),
            labelCol="days",
            numTrees=3,
            weightCol="weight",
            predictionCol=_predicts(draft, "forest"),
        )
    )


def _boosted(draft: Draft) -> None:
    draft.stages.append(
        R.GBTRegressor(**_trees(draft), labelCol="days", maxIter=2, predictionCol=_predicts(draft, "boosted"))
    )


def _scores(draft: Draft) -> dict[str, str]:
    return {
        "rawPredictionCol": draft.name("raw"),
        "probabilityCol": draft.name("probability"),
        "predictionCol": _predicts(draft, "class"),
    }


def _tree_classifier(draft: Draft) -> None:
    draft.stages.append(C.DecisionTreeClassifier(**_trees(draft), **_scores(draft), labelCol="kind"))


def _forest_classifier(draft: Draft) -> None:
    draft.stages.append(
        C.RandomForestClassifier(**_trees(draft), **_scores(draft), labelCol="kind", numTrees=3)
    )


def _boosted_classifier(draft: Draft) -> None:
    scores = _scores(draft)
    boosted = C.GBTClassifier(
        **_trees(draft), labelCol="sold", maxIter=2, predictionCol=scores["predictionCol"]
    ).setRawPredictionCol(scores["rawPredictionCol"])
    draft.stages.append(boosted.setProbabilityCol(scores["probabilityCol"]))


def _logistic(draft: Draft) -> None:
    for label, family in (("sold", "binomial"), ("kind", "multinomial")):
        draft.stages.append(
            C.LogisticRegression(
                featuresCol=_features(draft),
                labelCol=label,
                family=family,
                maxIter=3,
                regParam=0.01,
                **_scores(draft),
            )
        )


def _naive_bayes(draft: Draft) -> None:
    for kind in ("multinomial", "bernoulli"):
        source = draft.name("zeros_and_ones")
        draft.stages += [
            F.Binarizer(inputCol=draft.narrow(12), outputCol=source, threshold=0.7),
            C.NaiveBayes(featuresCol=source, labelCol="kind", modelType=kind, **_scores(draft)),
        ]


def _svc(draft: Draft) -> None:
    draft.stages.append(
        C.LinearSVC(
            featuresCol=_features(draft),
            labelCol="sold",
            maxIter=3,
            threshold=draft.chance.choice((0.0, 0.2)),
            rawPredictionCol=draft.name("raw"),
            predictionCol=_predicts(draft, "class"),
        )
    )


def _k_means(draft: Draft) -> None:
    draft.stages.append(
        KMeans(
            featuresCol=draft.narrow(10), predictionCol=_predicts(draft, "cluster"), k=3, maxIter=2, seed=1
        )
    )


def _one_vs_rest(draft: Draft) -> None:
    draft.stages.append(
        C.OneVsRest(
            featuresCol=draft.narrow(10),
            labelCol="kind",
            predictionCol=_predicts(draft, "class"),
            classifier=C.LogisticRegression(maxIter=3, regParam=0.05),
        )
    )


def _assemble_predictions(draft: Draft) -> None:
    """End in a line through all predictions, so that something stands behind every estimator."""
    vector = draft.name("predictions")
    draft.stages += [
        F.VectorAssembler(inputCols=draft.predictions, outputCol=vector, handleInvalid="keep"),
        R.LinearRegression(
            featuresCol=vector, labelCol="near", predictionCol="answer", regParam=0.1, maxIter=2
        ),
    ]


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
ESTIMATORS: Sequence[Block] = (
    _linear,
    _generalized,
    _survival,
    _isotonic,
    _tree,
    _forest,
    _boosted,
    _tree_classifier,
    _forest_classifier,
    _boosted_classifier,
    _logistic,
    _naive_bayes,
    _svc,
    _k_means,
    _one_vs_rest,
)
