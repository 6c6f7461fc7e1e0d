"""Nodes that are refused, because their attributes contradict the operator or one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.scoring.bundles import (
    assembler,
    bundle,
    doubles,
    indexer,
    leaf,
    line,
    node,
    refusal,
    shapes,
    split,
    strings,
    tree,
    vector,
)

WRONG = {
    "a weight that is null": (
        line(coefficients=vector(2.0, None)),
        "'coefficients' must hold finite numbers, found None",
    ),
    "a weight that is text": (
        line(coefficients=vector(2.0, 3.0) | {"double": ["2", 3.0]}),
        "finite numbers, found '2'",
    ),
    "a weight beyond a double": (line(coefficients=vector(2.0, 10**400)), "finite numbers, found 1000"),
    "a weight that is true": (line(coefficients=vector(2.0, True)), "finite numbers, found True"),
    "an intercept that is null": (
        line(intercept={"double": None}),
        "'intercept' must hold finite numbers, found None",
    ),
    "an intercept of another type": (line(intercept={"string": "1"}), "'intercept' must hold one double"),
    "a tensor as a list": (
        line(coefficients=doubles(2.0, 3.0)),
        "'coefficients' must hold a shape with dimensions",
    ),
    "a tensor of another size": (
        line(coefficients=vector(2.0, 3.0) | {"double": [1.0]}),
        "must hold a dense vector",
    ),
    "a tensor without a shape": (
        line(coefficients={"double": [2.0, 3.0], "type": "tensor"}),
        "must hold a shape with dimensions",
    ),
    "too few weights": (
        line(coefficients=vector(2.0)),
        "'features' as a vector of 1, but it holds a vector of 2",
    ),
    "a missing attribute": (
        node("linear_regression", {"features": "features"}, {"prediction": "days"}, {}),
        "attribute 'coefficients' is missing",
    ),
    "no port": (
        node("linear_regression", {}, {"prediction": "days"}, line()["model.json"]["attributes"]),
        "has no port 'features'",
    ),
    "a column written twice": (
        line() | {"node.json": node("", {"features": "features"}, {"prediction": "age"}, {})["node.json"]},
        "writes column 'age', which exists already",
    ),
    "a text read as a vector": (
        line() | {"node.json": node("", {"features": "make"}, {"prediction": "days"}, {})["node.json"]},
        "as a vector of 2, but it holds a string",
    ),
    "a shape without ports": (line() | {"node.json": {"name": "x"}}, "its shape lists no inputs"),
    "ports that are no pairs": (
        line() | {"node.json": {"shape": {"inputs": [{"port": 1}], "outputs": []}}},
        "no pairs of port and column",
    ),
    "attributes that are a list": (
        {**line(), "model.json": {"op": "linear_regression", "attributes": []}},
        "its attributes are no object",
    ),
    "no operator": ({**line(), "model.json": {"attributes": {}}}, "names no operator"),
    "a tree without leaves": (tree(), "ends in the middle"),
    "a tree that ends early": (
        tree(split(type="continuous", featureIndex=0, threshold=1.0), leaf(1.0)),
        "ends in the middle",
    ),
    "a tree that goes on": (tree(leaf(1.0), leaf(2.0)), "goes on after the end"),
    "a leaf that is null": (tree(leaf(None)), "tree.json': attribute 'values' must hold finite numbers"),
    "a leaf without values": (tree({"type": "leaf", "values": []}), "a leaf without a value"),
    "a threshold that is null": (
        tree(split(type="continuous", featureIndex=0), leaf(1.0), leaf(2.0)),
        "'threshold' must hold finite numbers, found None",
    ),
    "a feature that is not there": (
        tree(split(type="continuous", featureIndex=2, threshold=1.0), leaf(1.0), leaf(2.0)),
        "splits on feature 2 of 2",
    ),
    "a feature before the first": (
        tree(split(type="continuous", featureIndex=-1, threshold=1.0), leaf(1.0), leaf(2.0)),
        "splits on feature -1 of 2",
    ),
    "a split of another kind": (
        tree(split(type="oblique", featureIndex=0), leaf(1.0), leaf(2.0)),
        "neither continuous nor categorical",
    ),
    "a tree too deep": (
        tree(*[split(type="continuous", featureIndex=0, threshold=1.0)] * 5_000, *[leaf(1.0)] * 5_001),
        "lies deeper than",
    ),
}


@pytest.mark.parametrize(("wrong", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_node_that_does_not_fit_is_named(tmp_path: Path, wrong: dict[str, object], says: str) -> None:
    """Weights that are no numbers, shapes that do not fit and broken trees are refused by node and reason."""
    message = refusal(bundle(tmp_path, indexer(), assembler(), wrong))
    assert "node 'n2'" in message
    assert says in message


BROKEN_ALONE = {
    "a choice nobody knows": (
        indexer(handle_invalid={"string": "guess"}),
        "'guess'; supported are error, keep, skip",
    ),
    "a label twice": (indexer(labels=strings("a", "a")), "holds a label twice"),
    "a label that is a number": (
        indexer(labels={"string": ["a", 1], "type": "list"}),
        "must hold text, found 1",
    ),
    "splits that do not ascend": (
        node("bucketizer", {"input": "x"}, {"output": "y"}, {"splits": doubles(0.0, 2.0, 1.0)}),
        "each greater than the one before",
    ),
    "splits with a gap": (
        node("bucketizer", {"input": "x"}, {"output": "y"}, {"splits": doubles(0.0, None, 1.0)}),
        "finite numbers, found None",
    ),
    "too few splits": (
        node("bucketizer", {"input": "x"}, {"output": "y"}, {"splits": doubles(None, None)}),
        "at least three splits",
    ),
    "more sizes than columns": (
        node(
            "one_hot_encoder",
            {"input0": "x"},
            {"output0": "y"},
            {"category_sizes": {"int": [2, 2], "type": "list"}, "drop_last": {}},
        ),
        "1 inputs, 1 outputs and 2 category sizes",
    ),
    "a category as wide as memory": (
        node(
            "one_hot_encoder",
            {"input0": "x"},
            {"output0": "y"},
            {"category_sizes": {"int": [2**31 - 1], "type": "list"}, "drop_last": {}},
        ),
        "must hold whole numbers from 0 to",
    ),
    "ports with a gap": (
        node(
            "vector_assembler",
            {"input0": "x", "input2": "y"},
            {"output": "z"},
            {"input_shapes": shapes(None, None)},
        ),
        "has the ports input0, input2",
    ),
    "a scaler without anything": (
        node("standard_scaler", {"input": "x"}, {"output": "y"}, {}),
        "needs attributes 'mean' or 'std'",
    ),
    "a scaler of two lengths": (
        node(
            "standard_scaler", {"input": "x"}, {"output": "y"}, {"mean": vector(1.0), "std": vector(1.0, 2.0)}
        ),
        "of the same length",
    ),
    "boundaries without predictions": (
        node(
            "isotonic_regression",
            {"features": "x"},
            {"prediction": "y"},
            {"boundaries": doubles(1.0, 2.0), "predictions": doubles(1.0)},
        ),
        "2 boundaries and 1 predictions",
    ),
    "a family nobody fits": (
        node(
            "generalized_linear_regression",
            {"features": "x"},
            {"prediction": "y"},
            {"coefficients": vector(1.0), "intercept": {}, "family": {"string": "tweedie"}},
        ),
        "'tweedie'; supported are binomial",
    ),
    "a link of another family": (
        node(
            "generalized_linear_regression",
            {"features": "x"},
            {"prediction": "y"},
            {
                "coefficients": vector(1.0),
                "intercept": {},
                "family": {"string": "gamma"},
                "link": {"string": "logit"},
            },
        ),
        "'logit'; supported are",
    ),
    "a probability of one": (
        node(
            "aft_survival_regression",
            {"features": "x"},
            {"prediction": "y", "quantiles": "q"},
            {
                "coefficients": vector(1.0),
                "intercept": {},
                "scale": {"double": 1.0},
                "quantile_probabilities": doubles(1.0),
            },
        ),
        "between 0 and 1",
    ),
    "more weights than trees": (
        node(
            "gbt_regression",
            {"features": "x"},
            {"prediction": "y"},
            {"num_features": {"long": 1}, "trees": strings("t"), "tree_weights": doubles(1.0, 1.0)},
        )
        | {"t/tree.json": '{"type": "leaf", "values": [1.0]}'},
        "1 trees and 2 tree weights",
    ),
}


@pytest.mark.parametrize(("wrong", "says"), BROKEN_ALONE.values(), ids=BROKEN_ALONE.keys())
def test_an_operator_refuses_attributes_that_contradict_it(
    tmp_path: Path, wrong: dict[str, object], says: str
) -> None:
    """Every operator checks what it was fitted to before it scores."""
    message = refusal(bundle(tmp_path, wrong))
    assert "node 'n0'" in message
    assert says in message
