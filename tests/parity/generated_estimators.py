"""Blocks of stages that predict, each from any vector that suits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.ml import classification as C
from pyspark.ml import feature as F
from pyspark.ml import regression as R
from pyspark.ml.clustering import KMeans

from tests.parity.generated_draft import Block, Draft

LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log", "identity", "sqrt"),
    "gamma": ("inverse", "identity", "log"),
}


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
        "featuresCol": draft.pick([each for each in draft.without_unseen() if draft.vectors[each] <= 30]),
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
