"""Crossed features: columns of pairs that say more than the parts do, and never too much."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.ml import PipelineModel
from pyspark.sql import SparkSession

from days_to_sell.spec import Candidate
from days_to_sell.training.fitting.crossing import Cell, Pair, choose_pairs
from days_to_sell.training.fitting.fit import Encoded, encode
from days_to_sell.training.preparing.derive import derive
from tests.unit.training.markets import CROSSED, SPEC, TOP, market

Rows = list[tuple[int, int]]
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40)


def _cells(rows: Rows, told_apart: int = 9) -> list[Cell]:
    """The pairs among rows; parts from ``told_apart`` on share a bucket."""
    counted = Counter(rows)
    return [
        Cell((float(i), float(j)), (float(min(i, told_apart)), float(min(j, told_apart))), count)
        for (i, j), count in counted.items()
    ]


def _rank(rows: Rows, told_apart: int, pairs: list[Pair]) -> int:
    """Rank of intercept, one-hot parts and pair columns over the rows."""
    columns = [np.ones(len(rows))]
    for side in (0, 1):
        buckets = np.array([min(row[side], told_apart) for row in rows])
        columns += [buckets == bucket for bucket in np.unique(buckets)]
    columns += [np.array([row == pair for row in rows]) for pair in pairs]
    return int(np.linalg.matrix_rank(np.column_stack(columns).astype(float)))


@settings(deadline=None)
@given(ROWS, st.integers(1, 4), st.integers(1, 12))
def test_chosen_pairs_are_independent_of_the_parts_and_no_more_would_be(
    rows: Rows, told_apart: int, top: int
) -> None:
    """Each adds one to the rank of the design; where fewer than asked for are chosen, no other would."""
    alone = _rank(rows, told_apart, [])
    every = _rank(rows, told_apart, [(float(i), float(j)) for i, j in set(rows)])
    chosen = list(choose_pairs(_cells(rows, told_apart), top))
    assert _rank(rows, told_apart, chosen) == alone + len(chosen)
    assert len(chosen) == min(top, every - alone)


@settings(deadline=None)
@given(ROWS)
def test_a_pair_left_out_is_rarer_than_those_chosen_or_told_without(rows: Rows) -> None:
    """No pair outside could take the place of a rarer one inside."""
    cells = {cell.pair: cell.rows for cell in _cells(rows)}
    chosen = list(choose_pairs(_cells(rows), 3))
    rank = _rank(rows, 9, chosen)
    for number, pair in enumerate(chosen):
        others = chosen[:number] + chosen[number + 1 :]
        better = [each for each in cells if each not in chosen and cells[each] > cells[pair]]
        assert all(_rank(rows, 9, [*others, each]) < rank for each in better)


def test_what_one_part_tells_gets_no_column() -> None:
    """Where every model belongs to one make, a pair says nothing that the model does not."""
    assert choose_pairs(_cells([(0, 0), (0, 1), (1, 2), (1, 3)] * 5), 10) == ()


def test_a_value_too_rare_for_a_column_of_its_own_gets_one_in_a_pair() -> None:
    """Parts that share the bucket of the rest are told apart by their pairs, the most frequent first."""
    rows = [(0, 0)] * 9 + [(0, 1)] * 8 + [(0, 2)] * 7 + [(1, 3)] * 6 + [(1, 4)] * 5
    assert choose_pairs(_cells(rows, told_apart=1), 2) == ((0.0, 1.0), (1.0, 3.0))


def test_the_choice_depends_on_the_counts_alone() -> None:
    """Rows in another order, and ties, give the same pairs in the same order."""
    rows = [(i % 3, i % 4) for i in range(24)]
    assert choose_pairs(_cells(rows), 4) == choose_pairs(_cells(rows[::-1]), 4)


@pytest.fixture(scope="module")
def encoded(spark: SparkSession) -> dict[bool, Encoded]:
    """A market as linear candidates (True) and trees (False) read it, with make and mileage crossed."""
    frame = derive(market(spark, 800), CROSSED, {}).selectExpr("*", "duration AS target", "1.0 AS weight")
    return encode(CROSSED, SPEC.candidates, frame, frame)


def _vectors(encoded: Encoded) -> np.ndarray:
    return np.array([row["features"].toArray() for row in encoded.fit.select("features").collect()])


def test_linear_candidates_read_pairs_beside_the_parts(encoded: dict[bool, Encoded]) -> None:
    """One column a pair, none of them a sum of others; trees read the parts as they are."""
    linear, trees = _vectors(encoded[True]), _vectors(encoded[False])
    numbers, makes, cuts, pairs = 1, TOP, 4, 6
    assert linear.shape[1] == numbers + makes + cuts + pairs
    assert trees.shape[1] == 3
    design = np.column_stack([np.ones(len(linear)), linear])
    assert np.linalg.matrix_rank(design) == design.shape[1]
    assert set(np.unique(linear[:, -pairs:])) == {0.0, 1.0}


def test_other_pairs_unseen_and_missing_values_have_zeros(
    spark: SparkSession, encoded: dict[bool, Encoded]
) -> None:
    """Only the pairs that were chosen have a one, and one alone."""
    rows = [(1.0, make, mileage) for make in ("A", "B", "I", "new", "", None) for mileage in (5e3, 5e4, 9e4)]
    rows += [(1.0, "A", float("nan")), (1.0, None, float("nan"))]
    frame = spark.createDataFrame(rows, "price_ratio double, make string, mileage double")
    found = PipelineModel(stages=list(encoded[True].stages)).transform(frame).collect()
    ones = {(row["make"], row["mileage"]): row["make_mileage"].toArray().sum() for row in found}
    assert set(ones.values()) == {0.0, 1.0}
    assert all(count == 0.0 for (make, _), count in ones.items() if make in ("new", "", None))


def test_a_part_that_never_varies_is_crossed_with_nothing(spark: SparkSession) -> None:
    """Without a second bucket there is no column of the part, and no pair."""
    one = market(spark, 200).where("make = 'A'")
    frame = derive(one, CROSSED, {}).selectExpr("*", "duration AS target", "1.0 AS weight")
    candidates = [Candidate.of("AFTSurvivalRegression")]
    assert _vectors(encode(CROSSED, candidates, frame, frame)[True]).shape[1] == 1 + 4
