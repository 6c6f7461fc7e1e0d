"""From a fold in Spark to the rows that evaluation reads."""

from __future__ import annotations

from dataclasses import replace

from pyspark.sql import SparkSession

from days_to_sell.spec import Judgement, Slice
from days_to_sell.training.evaluation import Exam, collect
from days_to_sell.training.preparing.censoring import with_weights
from days_to_sell.training.preparing.derive import derive
from tests.unit.training.markets import SPEC as MARKET
from tests.unit.training.markets import market

SPEC = replace(MARKET, judgement=Judgement(slices=(Slice("price", (9_000, 11_000)),)))


def test_rows_come_in_order_with_what_evaluation_reads(spark: SparkSession) -> None:
    """Outcome, group, features and the columns of slices; not what only derivations read."""
    fold = with_weights(derive(market(spark, 300), SPEC, {}), SPEC, "test").repartition(3)
    rows = collect(fold, SPEC)
    assert set(rows.columns) == {
        *("row_id", "duration", "observed", "target", "weight"),
        *("seller", "price", "price_ratio", "mileage", "make"),
    }
    assert rows["row_id"].is_monotonic_increasing
    known = Exam.of(SPEC, rows, replicates=1).outcomes
    assert known.restricted.tolist() == rows["target"].tolist()
    # The weights of the folds, from Spark and lifelines, are those of the exam.
    assert abs(known.known_weights(known.ones) - rows["weight"]).max() < 1e-9


def test_a_sample_is_the_same_whatever_the_partitions(spark: SparkSession) -> None:
    """So many rows, chosen by the hash of their id."""
    fold = market(spark, 300)
    first, second = (collect(fold.repartition(parts), SPEC, at_most=40) for parts in (2, 5))
    assert len(first) == 40
    assert first["row_id"].tolist() == second["row_id"].tolist()
    assert first["row_id"].tolist() != [f"r{number:05}" for number in range(40)]
