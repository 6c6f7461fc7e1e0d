"""Models around which the table of differences is driven: each ends in the column ``out``."""

from __future__ import annotations

from pyspark.ml.classification import (
    DecisionTreeClassifier,
    LinearSVC,
    LogisticRegression,
    NaiveBayes,
    OneVsRest,
)
from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import StringIndexer
from pyspark.ml.regression import GeneralizedLinearRegression

from tests.parity.pipelines import Stage, assemble


def model_stages(operator: str, choice: str) -> tuple[str, list[Stage]]:
    """The column to change, and a model over it, beside a constant where it needs that.

    Args:
        operator: MLeap's name of the operator.
        choice: What a line of the table depends on.
    """
    if (operator, choice) == ("k_means", "cosine"):
        # Not of x, which is zero where it is fitted: zero has no direction.
        clusters = KMeans(k=2, seed=1, distanceMeasure="cosine", predictionCol="out")
        return "same", [assemble(["same"], "features"), clusters]
    return "x", _over_x(operator, choice)


def _over_x(operator: str, choice: str) -> list[Stage]:
    alone, beside = assemble(["x"], "features"), assemble(["x", "same"], "features")
    if operator == "logistic_regression":
        # Without an intercept, margins are as small as what they are made of.
        logistic = LogisticRegression(labelCol="x", fitIntercept=False, maxIter=3, regParam=0.1)
        return [alone, logistic, assemble(["prediction", "probability"], "out")]
    if operator == "decision_tree_classifier":
        tree = DecisionTreeClassifier(labelCol="x", predictionCol="out")
        return [alone, tree.setThresholds([0.5, 0.5, 0.0])]
    if operator == "naive_bayes":
        return [beside, NaiveBayes(labelCol="x", modelType=choice or "multinomial", predictionCol="out")]
    if operator == "one_vs_rest" and choice == "linear_svc":
        labels = StringIndexer(inputCol="text", outputCol="label", stringOrderType="alphabetAsc")
        # No plane chooses its class above such a threshold, which margins do not ask for.
        planes = LinearSVC(maxIter=3, threshold=100.0)
        return [alone, labels, OneVsRest(classifier=planes, predictionCol="out")]
    if operator == "one_vs_rest":
        logistic = LogisticRegression(fitIntercept=False, maxIter=3, regParam=0.1)
        return [alone, OneVsRest(labelCol="x", classifier=logistic, predictionCol="out")]
    if operator == "k_means":
        return [alone, KMeans(k=2, seed=1, predictionCol="out")]
    assert operator == "generalized_linear_regression"
    named = (
        {"family": "tweedie", "variancePower": 1.5}
        if choice == "tweedie"
        else {"family": "Poisson", "link": "LOG"}
    )
    return [alone, GeneralizedLinearRegression(labelCol="same", predictionCol="out", **named)]


MODELS = frozenset(
    {
        "decision_tree_classifier",
        "generalized_linear_regression",
        "k_means",
        "logistic_regression",
        "naive_bayes",
        "one_vs_rest",
    }
)
