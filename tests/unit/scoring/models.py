"""Small models written by hand: classifiers and clusters, over a vector ``features`` unless told another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.unit.scoring.bundles import Document, doubles, leaf, node, split, strings, vector

CLASSES = {"raw_prediction": "raw", "probability": "probability", "prediction": "class"}
# The class, counted from 0, that has most rows: 0 at or below 0.5 of the first feature, 2 above.
CLASS_TREE = "\n".join(
    json.dumps(each)
    for each in (
        split(type="continuous", featureIndex=0, threshold=0.5),
        {"type": "leaf", "values": [6.0, 3.0, 1.0]},
        {"type": "leaf", "values": [0.0, 4.0, 12.0]},
    )
)
# Half of the log odds of class 1: -1 at or below 0.5 of the first feature, 2 above.
ODDS_TREE = "\n".join(
    json.dumps(each)
    for each in (split(type="continuous", featureIndex=0, threshold=0.5), leaf(-1.0), leaf(2.0))
)


def count(number: int) -> Document:
    """A whole number."""
    return {"long": number}


def matrix(*rows: Sequence[float | None]) -> Document:
    """A dense tensor of two dimensions, column by column as MLeap writes it."""
    sizes = [{"size": len(rows), "name": ""}, {"size": len(rows[0]), "name": ""}]
    columns = [each for column in zip(*rows, strict=True) for each in column]
    return {"double": columns, "shape": {"dimensions": sizes}, "type": "tensor"}


def points(*centers: Sequence[float | None]) -> Document:
    """A list of dense tensors of one dimension."""
    tensors = [vector(*each) for each in centers]
    for each in tensors:
        del each["type"]
    return {"tensor": tensors, "type": "list"}


def classifier(op: str, known: Mapping[str, Any], changes: Mapping[str, Any], features: str) -> Document:
    """A classifier with all its outputs; a change to None takes an attribute away."""
    ports = {port: column for port, column in CLASSES.items() if op != "linear_svc" or port != "probability"}
    attributes = {name: value for name, value in {**known, **changes}.items() if value is not None}
    return node(op, {"features": features}, ports, attributes)


def logistic(features: str = "features", **changes: Any) -> Document:
    """A logistic regression of two classes with the margin 2 x - y + 0.5."""
    known = {
        "num_classes": count(2),
        "coefficients": vector(2.0, -1.0),
        "intercept": {"double": 0.5},
        "threshold": {"double": 0.5},
    }
    return classifier("logistic_regression", known, changes, features)


def multinomial(features: str = "features", **changes: Any) -> Document:
    """A logistic regression of three classes with the margins x, y and x + y - 1."""
    known = {
        "num_classes": count(3),
        "coefficient_matrix": matrix([1.0, 0.0], [0.0, 1.0], [1.0, 1.0]),
        "intercept_vector": vector(0.0, 0.0, -1.0),
    }
    return classifier("logistic_regression", known, changes, features)


def plane(features: str = "features", **changes: Any) -> Document:
    """A support vector machine with the margin x - y and the threshold 0.25."""
    known = {
        "num_classes": count(2),
        "coefficients": vector(1.0, -1.0),
        "intercept": {},
        "threshold": {"double": 0.25},
    }
    return classifier("linear_svc", known, changes, features)


def bayes(model_type: str, features: str = "features", **changes: Any) -> Document:
    """Naive Bayes of two classes with chances of 0.25 and 0.5, and of 0.75 and 0.125."""
    logs = {0.125: -2.0794415416798357, 0.25: -1.3862943611198906, 0.5: -0.6931471805599453}
    known = {
        "num_features": count(2),
        "num_classes": count(2),
        "pi": vector(logs[0.5], logs[0.5]),
        "theta": matrix([logs[0.25], logs[0.5]], [-0.2876820724517809, logs[0.125]]),
        "model_type": {"string": model_type},
    }
    return classifier("naive_bayes", known, changes, features)


def class_tree(features: str = "features", lines: str = CLASS_TREE, **changes: Any) -> Document:
    """A tree of three classes."""
    known = {"num_features": count(2), "num_classes": count(3)}
    return classifier("decision_tree_classifier", known, changes, features) | {"tree.json": lines}


def class_forest(features: str = "features", lines: str = CLASS_TREE, **changes: Any) -> Document:
    """A forest of two trees of three classes, the second a single leaf with as many rows of each."""
    known = {
        "num_features": count(2),
        "num_classes": count(3),
        "tree_weights": doubles(1.0, 1.0),
        "trees": strings("tree0", "tree1"),
    }
    even = json.dumps({"type": "leaf", "values": [5.0, 5.0, 5.0]})
    document = classifier("random_forest_classifier", known, changes, features)
    return document | {"tree0/tree.json": lines, "tree1/tree.json": even}


def boosted(features: str = "features", lines: str = ODDS_TREE, **changes: Any) -> Document:
    """Boosted trees of two classes: one tree of weight 1, and a leaf of 0.5 of weight 0.1."""
    known = {
        "num_features": count(2),
        "num_classes": count(2),
        "tree_weights": doubles(1.0, 0.1),
        "trees": strings("tree0", "tree1"),
    }
    document = classifier("gbt_classifier", known, changes, features)
    return document | {"tree0/tree.json": lines, "tree1/tree.json": json.dumps(leaf(0.5))}


def clusters(features: str = "features", **changes: Any) -> Document:
    """Three clusters, around (0, 0), (2, 0) and (0, 2)."""
    known = {"cluster_centers": points([0.0, 0.0], [2.0, 0.0], [0.0, 2.0]), "num_features": count(2)}
    return node("k_means", {"features": features}, {"prediction": "cluster"}, known | changes)


def one_vs_rest(*models: Document, features: str = "features", **changes: Any) -> Document:
    """One against the rest of some classifiers, each in a folder of its own and without ports."""
    ports = {port: CLASSES[port] for port in ("raw_prediction", "prediction")}
    attributes = {"num_classes": count(len(models)), "num_features": count(2)} | changes
    documents = node("one_vs_rest", {"features": features}, ports, attributes)
    for number, model in enumerate(models):
        inside = {name: content for name, content in model.items() if name != "node.json"}
        documents |= {f"model{number}/{name}": content for name, content in inside.items()}
    return documents


def renamed(document: Document, prefix: str) -> Document:
    """The same model with a prefix to each of its output columns."""
    shape = document["node.json"]["shape"]
    outputs = [each | {"name": prefix + each["name"]} for each in shape["outputs"]]
    return document | {"node.json": document["node.json"] | {"shape": shape | {"outputs": outputs}}}


def every_model(features: str) -> list[Document]:
    """Each operator of this module over a vector of two elements, its columns named apart."""
    models = [
        multinomial(features),
        plane(features),
        bayes("complement", features),
        class_tree(features),
        class_forest(features),
        boosted(features),
        clusters(features),
        one_vs_rest(logistic(), boosted(), plane(), features=features),
    ]
    return [renamed(model, f"m{number}_") for number, model in enumerate(models)]
