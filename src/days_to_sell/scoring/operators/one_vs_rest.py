"""One against the rest: for each class a classifier that tells it from all others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.operators import bayes, logistic, tree_classifiers
from days_to_sell.scoring.operators.classes import Classes, Classifier, argmax, class_count
from days_to_sell.scoring.plan.expressions import Reduced
from days_to_sell.scoring.plan.vectors import cells

CLASSIFIERS: Mapping[str, Classifier] = MappingProxyType(
    {
        "decision_tree_classifier": tree_classifiers.decision_tree_classifier,
        "gbt_classifier": tree_classifiers.gbt_classifier,
        "linear_svc": logistic.linear_svc,
        "logistic_regression": logistic.logistic_regression,
        "naive_bayes": bayes.naive_bayes,
        "random_forest_classifier": tree_classifiers.random_forest_classifier,
    }
)


def one_vs_rest(node: Node) -> None:
    """Choose the class of the classifier that is most confident of its own, which it counts as 1.

    The port ``probability``, which Spark does not have, is the greatest probability of any classifier.
    """
    models = [_model(node, f"model{number}") for number in range(class_count(node))]
    raw = cells([model.raw[1] for model in models])
    node.write_if_asked("raw_prediction", raw)
    node.write("prediction", argmax(raw))
    known = [model.probability[1] for model in models if model.probability is not None]
    if len(known) == len(models):
        node.write_if_asked("probability", Reduced("greatest", cells(known).packed()))


def _model(node: Node, name: str) -> Classes:
    """Read one of the classifiers."""
    try:
        model = node.inner(name)
        if model.op not in CLASSIFIERS:
            raise BundleError(f"is of the operator {model.op!r:.60}; supported are {', '.join(CLASSIFIERS)}")
        classes = CLASSIFIERS[model.op](model)
        if classes.raw.width < 2:
            raise BundleError("it tells no class from another")
    except BundleError as error:
        raise BundleError(f"{name}: {error}") from error
    return classes
