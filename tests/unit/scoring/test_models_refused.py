"""Classifiers and clusters that are refused, because what they were fitted to contradicts itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.scoring.bundles import Document, bundle, doubles, leaf, refusal, strings, tree, vector
from tests.unit.scoring.models import (
    bayes,
    boosted,
    class_forest,
    class_tree,
    clusters,
    count,
    logistic,
    matrix,
    multinomial,
    one_vs_rest,
    plane,
    points,
)

PROBABILITY = {"port": "probability", "name": "p"}


def with_port(model: Document, port: Document) -> Document:
    """A model with one output port more."""
    shape = model["node.json"]["shape"]
    return model | {"node.json": {"shape": shape | {"outputs": [*shape["outputs"], port]}}}


def with_leaf(*values: float | None) -> Document:
    """A tree of one leaf."""
    return class_tree(lines=json.dumps({"type": "leaf", "values": list(values)}))


WRONG = {
    "no number of classes": (logistic(num_classes=None), "attribute 'num_classes' is missing"),
    "no classes": (logistic(num_classes=count(0)), "'num_classes' says 0"),
    "a margin for two of three classes": (logistic(num_classes=count(3)), "'coefficient_matrix' is missing"),
    "no coefficients": (logistic(coefficients=None), "attribute 'coefficients' is missing"),
    "a coefficient that is null": (logistic(coefficients=vector(1.0, None)), "finite numbers, found None"),
    "an intercept that is null": (logistic(intercept={"double": None}), "'intercept' must hold finite"),
    "a threshold above one": (logistic(threshold={"double": 1.5}), "between 0 and 1, found 1.5"),
    "a threshold below zero": (logistic(threshold={"double": -0.5}), "between 0 and 1, found -0.5"),
    "a threshold that is null": (logistic(threshold={"double": None}), "'threshold' must hold finite"),
    "a matrix for fewer classes": (
        multinomial(coefficient_matrix=matrix([1.0, 0.0], [0.0, 1.0])),
        "'num_classes' says 3, and an attribute for 2",
    ),
    "intercepts for more classes": (
        multinomial(intercept_vector=vector(0.0, 0.0, 0.0, 0.0)),
        "'num_classes' says 3, and an attribute for 4",
    ),
    "a matrix as a vector": (
        multinomial(coefficient_matrix=vector(1.0, 2.0)),
        "'coefficient_matrix' must hold a dense matrix",
    ),
    "a matrix of another size": (
        multinomial(coefficient_matrix=matrix([1.0, 0.0], [0.0, 1.0]) | {"double": [1.0]}),
        "'coefficient_matrix' must hold a dense matrix",
    ),
    "a matrix with a null": (
        multinomial(coefficient_matrix=matrix([1.0, None], [0.0, 1.0], [0.0, 1.0])),
        "'coefficient_matrix' must hold finite numbers, found None",
    ),
    "a matrix of nothing": (
        multinomial(coefficient_matrix=matrix([], [], [])),
        "'coefficient_matrix' must hold a dense matrix",
    ),
    "too few thresholds": (multinomial(thresholds=doubles(0.5, 0.5)), "for each of 3 classes"),
    "no thresholds": (multinomial(thresholds=doubles()), "for each of 3 classes"),
    "a threshold of less than nothing": (multinomial(thresholds=doubles(0.5, -0.1, 0.5)), "none below zero"),
    "two thresholds of zero": (multinomial(thresholds=doubles(0.0, 0.0, 0.5)), "one at most zero"),
    "thresholds that are null": (multinomial(thresholds=doubles(0.5, None, 0.5)), "'thresholds' must hold"),
    "a plane between three classes": (
        plane(num_classes=count(3)),
        "tells two classes apart, but attribute 'num_classes' says 3",
    ),
    "a plane without a threshold": (plane(threshold=None), "attribute 'threshold' is missing"),
    "a probability of a plane": (
        with_port(plane(), PROBABILITY),
        "output port 'probability', which this operator does not write",
    ),
    "a type of naive Bayes that MLeap does not export whole": (
        bayes("gaussian"),
        "'model_type' is 'gaussian'; supported are bernoulli, complement, multinomial",
    ),
    "chances of other classes": (
        bayes("multinomial", pi=vector(-1.0)),
        "'num_classes' says 2, and an attribute for 1",
    ),
    "a chance of zero": (
        bayes("multinomial", theta=matrix([-1.0, None], [-1.0, -1.0])),
        "'theta' must hold finite numbers, found None",
    ),
    "a chance of one": (
        bayes("bernoulli", theta=matrix([-1.0, 0.0], [-1.0, -1.0])),
        "must hold logarithms of chances below one",
    ),
    "a chance that rounds to one": (
        bayes("bernoulli", theta=matrix([-1.0, -1e-300], [-1.0, -1.0])),
        "must hold logarithms of chances below one",
    ),
    "a leaf of fewer classes": (with_leaf(1.0, 2.0), "has a leaf of 2 values where 3 are due"),
    "a leaf of more classes": (with_leaf(1.0, 2.0, 3.0, 4.0), "has a leaf of 4 values where 3 are due"),
    "a leaf of nothing": (with_leaf(0.0, 0.0, 0.0), "a leaf that counts no training rows"),
    "a leaf of less than nothing": (with_leaf(1.0, -1.0, 1.0), "less than none of a class"),
    "a leaf with a null": (with_leaf(1.0, None, 1.0), "'values' must hold finite numbers"),
    "a leaf too large to be shared": (with_leaf(1e308, 1e308, 1e308), "too many training rows"),
    "a tree of no features": (class_tree(num_features=count(0)), "splits on feature 0 of 0"),
    "a forest without trees": (class_forest(trees=strings()), "has no trees"),
    "a forest whose tree is missing": (class_forest(trees=strings("tree9")), "tree9/tree.json' is missing"),
    "a tree outside of its forest": (class_forest(trees=strings("../tree0")), "not the name of a folder"),
    "boosted trees of three classes": (
        boosted(num_classes=count(3)),
        "tells two classes apart, but attribute 'num_classes' says 3",
    ),
    "more weights than trees": (boosted(tree_weights=doubles(1.0)), "has 2 trees and 1 tree weights"),
    "a column of variances": (
        with_port(tree(leaf(1.0)), {"port": "variance", "name": "v"}),
        "output port 'variance', which this operator does not write",
    ),
    "no centers": (clusters(cluster_centers=points()), "must hold points of 2 numbers, one at least"),
    "a center of another width": (clusters(cluster_centers=points([1.0, 2.0], [3.0])), "points of 2 numbers"),
    "centers of no numbers": (
        clusters(cluster_centers=points([]), num_features=count(0)),
        "must hold points of 0 numbers, one at least",
    ),
    "a center with a null": (clusters(cluster_centers=points([1.0, None])), "finite numbers, found None"),
    "centers that are numbers": (
        clusters(cluster_centers={"tensor": [1.0], "type": "list"}),
        "'cluster_centers' must hold an object, found 1.0",
    ),
    "a rest that is missing": (
        one_vs_rest(logistic(), num_classes=count(2)),
        "model1: file 'root/n0.node/model1/model.json' is missing",
    ),
    "a rest that is no classifier": (
        one_vs_rest(logistic(), clusters()),
        "model1: is of the operator 'k_means'; supported are decision_tree_classifier",
    ),
    "a rest inside a rest": (
        one_vs_rest(one_vs_rest(plane())),
        "model0: is of the operator 'one_vs_rest'",
    ),
    "a rest of other features": (
        one_vs_rest(logistic(), plane(coefficients=vector(1.0, 2.0, 3.0))),
        "model1: reads column 'features' as a vector of 3, but it holds a vector of 2",
    ),
    "a rest that is wrong": (
        one_vs_rest(logistic(), logistic(threshold={"double": 2.0})),
        "model1: attribute 'threshold' must lie between 0 and 1",
    ),
    "a rest of one class": (
        one_vs_rest(class_tree(lines=json.dumps(leaf(1.0)), num_classes=count(1))),
        "model0: it tells no class from another",
    ),
    "a rest without an operator": (
        one_vs_rest(logistic()) | {"model0/model.json": {"attributes": {}}},
        "model0: its model.json names no operator",
    ),
    "the probability of planes": (
        with_port(one_vs_rest(plane(), plane()), PROBABILITY),
        "output port 'probability', which this operator does not write",
    ),
}


@pytest.mark.parametrize(("wrong", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_model_that_contradicts_itself_is_refused(tmp_path: Path, wrong: Document, says: str) -> None:
    """Every classifier checks what it was fitted to before it scores."""
    message = refusal(bundle(tmp_path, wrong))
    assert "node 'n0'" in message
    assert says in message
