"""Classifiers and clusters, on numbers that can be checked by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import ScoringError
from days_to_sell.scoring import load_bundle
from tests.unit.scoring.bundles import Document, bundle, doubles, leaf, node, shapes, vector
from tests.unit.scoring.models import (
    CLASSES,
    bayes,
    boosted,
    class_forest,
    class_tree,
    clusters,
    every_model,
    logistic,
    matrix,
    multinomial,
    one_vs_rest,
    plane,
)

NAN, INF = math.nan, math.inf


def answer(tmp_path: Path, model: Document, *features: float) -> dict[str, Any]:
    """What a model says of one vector."""
    return load_bundle(bundle(tmp_path, model)).transform([{"features": list(features)}])[0]


def classes(tmp_path: Path, model: Document, *vectors: tuple[float, float]) -> list[float]:
    """The class of each vector, by single rows."""
    loaded = load_bundle(bundle(tmp_path, model))
    return [loaded.transform([{"features": list(each)}])[0]["class"] for each in vectors]


def test_two_classes_have_opposite_margins_and_their_logistic(tmp_path: Path) -> None:
    """Raw predictions are the margin with both signs, and the probabilities add up to one."""
    found = answer(tmp_path, logistic(), 1.0, 0.5)
    assert found["raw"] == [-2.0, 2.0]
    assert found["probability"] == [1 / (1 + math.exp(2.0)), 1 - 1 / (1 + math.exp(2.0))]
    assert found["class"] == 1.0


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        ({"double": 0.5}, [0.0, 0.0, 1.0, 1.0, 0.0]),
        (None, [0.0, 0.0, 1.0, 1.0, 0.0]),
        ({"double": 0.88}, [0.0, 0.0, 0.0, 1.0, 0.0]),
        ({}, [1.0, 1.0, 1.0, 1.0, 0.0]),
        ({"double": 1.0}, [0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_a_margin_must_exceed_that_of_the_threshold(
    tmp_path: Path, threshold: Document | None, expected: list[float]
) -> None:
    """A margin on the threshold is class 0, and so is NaN; an absent threshold is a half, an empty one zero.

    With the threshold 0.5 the least margin above zero is class 1, though its logistic is no more than 0.5.
    """
    vectors = [(-4.0, 0.5), (0.0, 0.5), (0.0, math.nextafter(0.5, 0.0)), (0.75, 0.0), (NAN, 0.0)]
    assert classes(tmp_path, logistic(threshold=threshold), *vectors) == expected


def test_more_classes_have_a_margin_each_and_their_softmax(tmp_path: Path) -> None:
    """The matrix is stored column by column; the greatest margin is the class, the first of equal ones."""
    found = answer(tmp_path, multinomial(), 1.0, 2.0)
    assert found["raw"] == [1.0, 2.0, 2.0]
    total = math.exp(-1.0) + 2.0
    assert found["probability"] == pytest.approx([math.exp(-1.0) / total, 1 / total, 1 / total], rel=1e-15)
    assert found["class"] == 1.0
    assert classes(tmp_path, multinomial(), (0.0, 0.0), (1.0, 1.0), (2.0, 3.0)) == [0.0, 0.0, 2.0]


@pytest.mark.parametrize(
    ("x", "probability", "chosen"),
    [
        (800.0, [0.0, 1.0, 0.0], 1.0),
        (-1e308, [0.0, 0.0, 1.0], 2.0),
        (1e300, [0.0, 1.0, 0.0], 1.0),
        (INF, [1.0, NAN, NAN], 0.0),
        (-INF, [NAN, NAN, 1.0], 2.0),
        (NAN, [NAN, NAN, NAN], 0.0),
    ],
)
def test_a_softmax_neither_overflows_nor_raises(
    tmp_path: Path, x: float, probability: list[float], chosen: float
) -> None:
    """The first infinite margin takes all, and leaves NaN to others that are infinite, as Spark has it."""
    weights = matrix([1.0], [2.0], [-1.0])
    found = answer(tmp_path, multinomial(coefficient_matrix=weights, intercept_vector=vector(0, 0, 0)), x)
    assert found["probability"] == pytest.approx(probability, rel=1e-15, abs=1e-300, nan_ok=True)
    assert found["class"] == chosen


def test_margins_that_are_all_minus_infinity_have_no_probability(tmp_path: Path) -> None:
    """There is nothing to share, and no class stands above the first."""
    weights = matrix([-1.0], [-2.0], [-3.0])
    found = answer(tmp_path, multinomial(coefficient_matrix=weights, intercept_vector=vector(0, 0, 0)), INF)
    assert all(map(math.isnan, found["probability"]))
    assert found["class"] == 0.0


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [((0.5, 0.5, 0.5), 0.0), ((0.9, 0.3, 0.5), 1.0), ((0.9, 0.9, 0.0), 2.0), ((0.6, 0.3, 0.1), 0.0)],
)
def test_thresholds_divide_probabilities(
    tmp_path: Path, thresholds: tuple[float, ...], expected: float
) -> None:
    """The class has the greatest ratio of probability and threshold; a threshold of zero takes any chance."""
    lines = json.dumps({"type": "leaf", "values": [6.0, 3.0, 1.0]})
    tree = class_tree(lines=lines, thresholds=doubles(*thresholds))
    assert classes(tmp_path, tree, (0.0, 0.0)) == [expected]


def test_a_threshold_of_zero_takes_no_class_without_a_chance(tmp_path: Path) -> None:
    """Spark divides zero by zero there, which is NaN and never the greatest."""
    lines = json.dumps({"type": "leaf", "values": [6.0, 3.0, 0.0]})
    tree = class_tree(lines=lines, thresholds=doubles(0.5, 0.5, 0.0))
    assert classes(tmp_path, tree, (0.0, 0.0)) == [0.0]


def test_a_support_vector_machine_has_no_probability(tmp_path: Path) -> None:
    """The class is 1 above the threshold, on the scale of the margin."""
    found = answer(tmp_path, plane(), 1.0, 0.5)
    assert found == {"features": [1.0, 0.5], "raw": [-0.5, 0.5], "class": 1.0}
    assert classes(tmp_path, plane(), (0.25, 0.0), (0.26, 0.0), (NAN, 0.0)) == [0.0, 1.0, 0.0]
    assert classes(tmp_path, plane(threshold={}), (0.0, 0.0), (0.1, 0.0)) == [0.0, 1.0]


def test_naive_bayes_adds_up_logarithms(tmp_path: Path) -> None:
    """Each count takes the chance of its feature to its power, beside the chance of the class."""
    found = answer(tmp_path, bayes("multinomial"), 2.0, 1.0)
    chances = [0.5 * 0.25**2 * 0.5, 0.5 * 0.75**2 * 0.125]
    assert found["raw"] == pytest.approx([math.log(each) for each in chances], rel=1e-14)
    assert found["probability"] == pytest.approx([each / sum(chances) for each in chances], rel=1e-14)
    assert found["class"] == 1.0


def test_bernoulli_bayes_counts_what_is_absent_too(tmp_path: Path) -> None:
    """A feature of 0 takes one minus its chance."""
    found = answer(tmp_path, bayes("bernoulli"), 1.0, 0.0)
    chances = [0.5 * 0.25 * 0.5, 0.5 * 0.75 * 0.875]
    assert found["raw"] == pytest.approx([math.log(each) for each in chances], rel=1e-14)
    assert found["class"] == 1.0


def test_complement_bayes_is_normalized_without_priors(tmp_path: Path) -> None:
    """The raw predictions are logarithms of shares already."""
    found = answer(tmp_path, bayes("complement"), 2.0, 1.0)
    shares = [0.25**2 * 0.5, 0.75**2 * 0.125]
    expected = [each / sum(shares) for each in shares]
    assert found["raw"] == pytest.approx([math.log(each) for each in expected], rel=1e-14)
    assert found["probability"] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("model_type", "wrong"),
    [
        ("multinomial", (-1.0, 0.0)),
        ("multinomial", (0.0, NAN)),
        ("complement", (-1e-300, 0.0)),
        ("bernoulli", (0.5, 0.0)),
        ("bernoulli", (1.0, 2.0)),
        ("bernoulli", (NAN, 1.0)),
    ],
)
def test_naive_bayes_refuses_what_is_no_count(
    tmp_path: Path, model_type: str, wrong: tuple[float, float]
) -> None:
    """Numbers below zero, for Bernoulli all but 0 and 1, and NaN are refused as Spark refuses them."""
    loaded = load_bundle(bundle(tmp_path, bayes(model_type)))
    assert loaded.transform([{"features": [-0.0, 1.0]}])
    with pytest.raises(ScoringError, match="column 'features' must hold"):
        loaded.transform([{"features": list(wrong)}])


def test_one_hot_features_of_naive_bayes_need_no_check_but_others_beside_them_do(tmp_path: Path) -> None:
    """What is one-hot by its making holds 0 and 1 only; a number in the same vector is looked at."""
    sizes = {"category_sizes": {"int": [1], "type": "list"}, "drop_last": {"boolean": False}}
    encoder = node("one_hot_encoder", {"input0": "x"}, {"output0": "hot"}, sizes)
    joined = node(
        "vector_assembler",
        {"input0": "hot", "input1": "y"},
        {"output": "v"},
        {"input_shapes": shapes(1, None)},
    )
    loaded = load_bundle(bundle(tmp_path, encoder, joined, bayes("bernoulli", "v")))
    assert loaded.transform([{"x": 0.0, "y": 1.0}])[0]["class"] == 0.0
    with pytest.raises(ScoringError, match="must hold 0 and 1 only"):
        loaded.transform([{"x": 0.0, "y": 0.5}])


def test_a_tree_counts_its_leaf_and_a_forest_shares(tmp_path: Path) -> None:
    """A tree's raw predictions are training rows by class, a forest's are sums of shares of each tree."""
    by_tree = answer(tmp_path, class_tree(), 0.5, 0.0)
    assert (by_tree["raw"], by_tree["probability"]) == ([6.0, 3.0, 1.0], [0.6, 0.3, 0.1])
    by_forest = answer(tmp_path, class_forest(), NAN, 0.0)
    third = 1 / 3
    assert by_forest["raw"] == [0.0 + third, 0.25 + third, 0.75 + third]
    assert by_forest["probability"] == pytest.approx([third / 2, 0.125 + third / 2, 0.375 + third / 2])
    assert by_forest["class"] == 2.0


def test_of_equal_votes_the_first_class_is_chosen(tmp_path: Path) -> None:
    """No class but the first stands above the others in a leaf with as many rows of each."""
    even = json.dumps({"type": "leaf", "values": [2.0, 5.0, 5.0]})
    assert classes(tmp_path, class_tree(lines=even), (0.0, 0.0)) == [1.0]


def test_boosted_trees_sum_to_half_of_the_log_odds(tmp_path: Path) -> None:
    """The probability is the logistic of twice the margin."""
    found = answer(tmp_path, boosted(), 1.0, 0.0)
    assert found["raw"] == [-2.05, 2.05]
    assert found["probability"] == [1 / (1 + math.exp(4.1)), 1 - 1 / (1 + math.exp(4.1))]
    assert found["class"] == 1.0
    assert classes(tmp_path, boosted(lines=json.dumps(leaf(-0.05))), (0.0, 0.0)) == [0.0]
    assert classes(tmp_path, boosted(thresholds=doubles(0.01, 0.99)), (1.0, 0.0)) == [0.0]


@pytest.mark.parametrize(
    ("point", "cluster"),
    [
        ((0.1, 0.2), 0.0),
        ((3.0, -1.0), 1.0),
        ((-1.0, 5.0), 2.0),
        ((1.0, 0.0), 0.0),
        ((2.0, 2.0), 1.0),
        ((INF, 5.0), 0.0),
        ((1e200, 0.0), 0.0),
    ],
)
def test_a_cluster_is_the_first_of_the_nearest_centers(
    tmp_path: Path, point: tuple[float, float], cluster: float
) -> None:
    """Of centers that are as near the first is taken, and so it is where every distance is infinite."""
    assert answer(tmp_path, clusters(), *point)["cluster"] == cluster


@pytest.mark.parametrize("point", [(NAN, 5.0), (INF, NAN), (NAN, NAN)])
def test_nothing_is_near_to_nan(tmp_path: Path, point: tuple[float, float]) -> None:
    """A point that is not known is refused, as Spark refuses it."""
    with pytest.raises(ScoringError, match="column 'features' holds NaN"):
        answer(tmp_path, clusters(), *point)


def test_one_against_the_rest_compares_what_each_says_of_its_own(tmp_path: Path) -> None:
    """The raw predictions are those of the classifiers for class 1, and the greatest is the class."""
    model = one_vs_rest(logistic(), boosted(), plane(), bayes("multinomial"), class_tree())
    found = answer(tmp_path, model, 1.0, 0.0)
    log_of_chance = math.log(0.5 * 0.75)
    assert found["raw"] == pytest.approx([2.5, 2.05, 1.0, log_of_chance, 4.0], rel=1e-14)
    assert found["class"] == 4.0
    with pytest.raises(ScoringError, match="'features' must hold numbers not below zero"):
        answer(tmp_path, model, 1.0, -1.0)


def test_of_two_against_the_rest_the_first_is_chosen_when_equal(tmp_path: Path) -> None:
    """Equal confidence, and none, is the first class."""
    model = one_vs_rest(plane(), plane())
    assert classes(tmp_path, model, (1.0, 0.0), (NAN, 0.0)) == [0.0, 0.0]


def test_the_port_of_mleap_for_the_probability_is_the_greatest(tmp_path: Path) -> None:
    """MLeap's own one against the rest has a single probability; Spark's has none."""
    model = one_vs_rest(logistic(), boosted())
    outputs = [{"port": port, "name": column} for port, column in CLASSES.items()]
    model["node.json"]["shape"]["outputs"] = outputs
    found = answer(tmp_path, model, 1.0, 0.5)
    assert found["probability"] == 1 - 1 / (1 + math.exp(4.1))


@pytest.mark.parametrize(
    "model", [logistic(), multinomial(), boosted(), class_forest(), bayes("multinomial")]
)
def test_a_classifier_may_write_its_class_alone(tmp_path: Path, model: Document) -> None:
    """Spark leaves out the columns whose names are empty, and so does the bundle."""
    expected = answer(tmp_path, model, 1.0, 0.25)["class"]
    outputs = [{"port": "prediction", "name": "class"}]
    alone = model | {"node.json": {"shape": model["node.json"]["shape"] | {"outputs": outputs}}}
    assert answer(tmp_path, alone, 1.0, 0.25) == {"features": [1.0, 0.25], "class": expected}


def test_a_matrix_has_a_row_for_each_class(tmp_path: Path) -> None:
    """Of four classes over one feature, each has its own weight."""
    model = multinomial(
        num_classes={"long": 4},
        coefficient_matrix=matrix([1.0], [2.0], [3.0], [-1.0]),
        intercept_vector=vector(0.0, 0.0, -5.0, 0.0),
    )
    assert answer(tmp_path, model, 2.0)["raw"] == [2.0, 4.0, 1.0, -2.0]


EDGES = (0.0, -0.0, 1.0, 0.5, 2.0, -1.0, 5e-324, 1e-300, 1e4, -1e4, 1e308, -1e308, INF, -INF, NAN)


def test_many_vectors_are_classified_as_each_alone(tmp_path: Path) -> None:
    """Every model gives a batch the answers and the refusals that it gives single rows."""
    model = load_bundle(bundle(tmp_path, *every_model("features")))
    rows = [{"features": [x, y]} for x in EDGES for y in EDGES]
    alone = [model.transform_each([row])[0] for row in rows]
    refused = [isinstance(each, ScoringError) for each in alone]
    assert 0 < sum(refused) < len(rows)
    for row, many, one in zip(rows, model.transform_each(rows), alone, strict=True):
        if not isinstance(one, dict) or not isinstance(many, dict):
            assert str(many) == str(one)
            continue
        for column, value in one.items():
            assert many[column] == pytest.approx(value, rel=1e-12, abs=1e-300, nan_ok=True), (row, column)
