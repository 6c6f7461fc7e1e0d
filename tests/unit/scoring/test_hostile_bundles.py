"""Whatever is done to a bundle, loading and scoring end in an answer or in an error of the toolkit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.operators import OPERATORS
from tests.unit.scoring.bundles import (
    Document,
    bundle,
    doubles,
    files,
    indexer,
    leaf,
    node,
    shapes,
    split,
    strings,
    vector,
    zipped,
)
from tests.unit.scoring.features import every_feature
from tests.unit.scoring.models import every_model

ROWS = [{"make": "a", "age": 1.0}, {"make": None, "age": None}, {"make": "", "age": -1e308}]
STRANGE = [None, True, -1, 1e308, 10**400, "x", [None], {}]
FEATURES = {"features": "scaled"}
TREE = "\n".join(
    json.dumps(record)
    for record in (
        split(type="continuous", featureIndex=3, threshold=0.25),
        split(type="categorical", featureIndex=0, categories=[0.0, 1.0], numCategories=2, isLeft=True),
        leaf(1.0),
        leaf(2.0),
        leaf(3.0),
    )
)


def every_operator() -> list[Document]:
    """One pipeline with each operator in it."""
    width = {"num_features": {"long": 4}}
    line = {"coefficients": vector(0.1, 0.2, 0.3, 0.4), "intercept": {"double": 1.0}}
    weibull = {"scale": {"double": 0.5}, "quantile_probabilities": doubles(0.1, 0.9)}
    keep = {"handle_invalid": {"string": "keep"}}
    sizes = {"category_sizes": {"int": [3], "type": "list"}, "drop_last": {"boolean": False}}
    step = {"boundaries": doubles(-1e300, 180.0), "predictions": doubles(1.0, 180.0)}
    pairs = {"input_shapes": shapes(None, 3)}
    pairs |= {
        f"num_features{number}": {"int": each, "type": "list"} for number, each in enumerate(([3], [1, 1, 1]))
    }
    chosen = {
        "indices": {"long": [8, 1], "type": "list"},
        "input_size": {"int": 9},
        "names": strings(),
    }
    nodes = [
        indexer(),
        node(
            "reverse_string_indexer",
            {"input": "cut"},
            {"output": "again"},
            {"labels": strings("u", "v", "w")},
        ),
        node("one_hot_encoder", {"input0": "rank"}, {"output0": "hot"}, sizes),
        node(
            "vector_assembler",
            {"input0": "hot", "input1": "cut"},
            {"output": "v"},
            {"input_shapes": shapes(3, None)},
        ),
        node(
            "standard_scaler",
            {"input": "v"},
            {"output": "scaled"},
            {"mean": vector(0, 0, 0, 1), "std": vector(1, 1, 0, 2)},
        ),
        node("linear_regression", FEATURES, {"prediction": "line"}, line),
        node(
            "generalized_linear_regression",
            FEATURES,
            {"prediction": "mean"},
            line | {"family": {"string": "gamma"}},
        ),
        node("aft_survival_regression", FEATURES, {"prediction": "aft", "quantiles": "q"}, line | weibull),
        node("decision_tree_regression", FEATURES, {"prediction": "tree"}, width) | {"tree.json": TREE},
        node("random_forest_regression", FEATURES, {"prediction": "forest"}, width | {"trees": strings("t")})
        | {"t/tree.json": TREE},
        node(
            "gbt_regression",
            FEATURES,
            {"prediction": "boosted"},
            width | {"trees": strings("t"), "tree_weights": doubles(1.0)},
        )
        | {"t/tree.json": TREE},
        node("isotonic_regression", {"features": "line"}, {"prediction": "days"}, step),
        node("interaction", {"input0": "cut", "input1": "hot"}, {"output": "pairs"}, pairs),
        node("vector_slicer", {"input": "pairs"}, {"output": "chosen"}, chosen),
    ]
    cut = {"splits": doubles(None, 0.0, None)} | keep
    bucketizer = node("bucketizer", {"input": "age"}, {"output": "cut"}, cut)
    return [bucketizer, *nodes, *every_model("chosen"), *every_feature("chosen")]


def score(path: Path) -> bool:
    """Load and score; whether that gave an answer."""
    try:
        loaded = load_bundle(path)
    except BundleError:
        return False
    for row in ROWS:
        try:
            loaded.transform([row])
        except ScoringError:
            continue
    return True


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with each of its keys."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def behind(nodes: list[Document], position: int) -> list[int]:
    """The positions of a node and of those that it reads from: any other would only take time."""
    shapes_of = [each["node.json"]["shape"] for each in nodes]
    writers = {port["name"]: at for at, shape in enumerate(shapes_of) for port in shape["outputs"]}
    found, waiting = {position}, [position]
    while waiting:
        read = [port["name"] for port in shapes_of[waiting.pop()]["inputs"]]
        new = {writers[column] for column in read if column in writers} - found
        found |= new
        waiting += new
    return sorted(found)


def test_the_pipeline_of_these_tests_has_every_operator_and_scores(tmp_path: Path) -> None:
    """What is broken below works as long as it is whole."""
    nodes = every_operator()
    assert {each["model.json"]["op"] for each in nodes} == set(OPERATORS)
    answers = load_bundle(bundle(tmp_path, *nodes)).transform(ROWS)
    assert [each["again"] for each in answers] == ["v", "w", "u"]
    assert [each["tree"] for each in answers] == [1.0, 3.0, 1.0]


@pytest.mark.parametrize("position", range(len(OPERATORS)))
def test_any_value_in_place_of_any_other_is_refused_or_scored(tmp_path: Path, position: int) -> None:
    """Each value of a node's documents is replaced by values that it should not have."""
    needed = behind(every_operator(), position)
    whole = every_operator()[position]
    count = sum(1 for name in ("model.json", "node.json") for _ in places(whole[name]))
    outcomes = []
    for index in range(count):
        for strange in STRANGE:
            nodes = every_operator()
            found = [each for name in ("model.json", "node.json") for each in places(nodes[position][name])]
            container, key = found[index]
            container[key] = strange
            outcomes.append(score(bundle(tmp_path, *(nodes[each] for each in needed))))
    assert not all(outcomes)


def test_any_value_in_place_of_any_other_in_a_tree_is_refused_or_scored(tmp_path: Path) -> None:
    """The same for the lines of a tree."""
    lines = TREE.splitlines()
    outcomes = []
    for number, line in enumerate(lines):
        for index in range(sum(1 for _ in places(json.loads(line)))):
            for strange in STRANGE:
                record = json.loads(line)
                container, key = list(places(record))[index]
                container[key] = strange
                changed = [*lines[:number], json.dumps(record), *lines[number + 1 :]]
                content = files(every_operator()) | {"root/n9.node/tree.json": "\n".join(changed)}
                outcomes.append(score(zipped(tmp_path / "bundle.zip", content)))
    assert any(outcomes)
    assert not all(outcomes)
