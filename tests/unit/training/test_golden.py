"""Golden rows: Spark's own answers on every edge."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.training.fitting.fit import encode, fit_candidate
from days_to_sell.training.fitting.pipeline import reads_one_hot
from days_to_sell.training.golden import SAMPLED, STRANGE_TEXTS, build_golden
from days_to_sell.training.preparing.derive import derive
from days_to_sell.training.preparing.prepare import prepare
from tests.unit.training.markets import SPEC, market

TREES = next(candidate for candidate in SPEC.candidates if candidate.estimator == "GBTRegressor")


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> DataFrame:
    """A small market."""
    return market(spark, 1_500).cache()


@pytest.fixture(scope="module")
def model(frame: DataFrame) -> PipelineModel:
    """Trees fitted on it: they would answer NaN as if it were known."""
    prepared = prepare(SPEC, frame, {})
    encoded = encode(SPEC, [TREES], prepared.fit, prepared.calibrate)
    return fit_candidate(SPEC, TREES, encoded[reads_one_hot(TREES)])


@pytest.fixture(scope="module")
def golden(frame: DataFrame, model: PipelineModel) -> dict[str, GoldenRow]:
    """The golden rows by kind; of the sampled ones, the last."""
    return {row.kind: row for row in build_golden(SPEC, model, frame, {})}


def test_golden_rows_stand_on_every_edge(golden: dict[str, GoldenRow]) -> None:
    """Missing, unseen, empty and non-ASCII values, both sides of each boundary, odd days: one row each."""
    expected = {"sample", "every optional column missing"}
    expected |= {f"make: {kind}" for kind in ("missing", *STRANGE_TEXTS)}
    expected |= {"mileage: missing", "mileage: minimum", "mileage: on a boundary", "mileage: one ulp below"}
    expected |= {"listed_on: leap day", "listed_on: end of a long month", "price: minimum"}
    assert set(golden) == expected


def test_a_row_without_an_answer_is_no_golden_row(golden: dict[str, GoldenRow]) -> None:
    """A valuation of zero gives no ratio and so no answer; it stops nothing and stands nowhere."""
    assert "valuation: minimum" not in golden
    assert all(row.input["valuation"] > 0 for row in golden.values())


def test_golden_rows_are_requests_with_their_date(golden: dict[str, GoldenRow]) -> None:
    """Inputs are JSON values of the raw columns; a date that could default to today always stands there."""
    names = [column.name for column in SPEC.columns]
    for row in golden.values():
        assert list(row.input) == names
        assert date.fromisoformat(row.input["listed_on"])
    assert golden["make: non-ASCII"].input["make"] == STRANGE_TEXTS["non-ASCII"]
    assert golden["every optional column missing"].input["mileage"] is None


def test_golden_answers_are_sparks_own(
    spark: SparkSession, frame: DataFrame, model: PipelineModel, golden: dict[str, GoldenRow]
) -> None:
    """Each answer is, to the bit, what the pipeline gives to that row."""
    rows = [
        (i, *(row.input[name] for name in ("price", "valuation", "mileage", "make")), row.days)
        for i, row in enumerate(golden.values())
    ]
    schema = "i int, price double, valuation double, mileage double, make string, expected double"
    scored = model.transform(derive(spark.createDataFrame(rows, schema), SPEC, {}))
    assert scored.where("days != expected").count() == 0
    assert scored.count() == len(golden)


def test_what_spark_wrote_on_the_way_is_recorded(golden: dict[str, GoldenRow]) -> None:
    """Every derived column and every column between the stages stands beside the answer, and no raw one."""
    for row in golden.values():
        assert row.stages["days"] == row.days
        assert {"days_unbounded", "features"} < set(row.stages)
        assert not set(row.stages) & (set(row.input) | {"row_id"})
        assert all(isinstance(value, float | str | list | None) for value in row.stages.values())


def test_samples_do_not_depend_on_the_layout(frame: DataFrame, model: PipelineModel) -> None:
    """The same rows are sampled from the same data, in any partitions."""
    sampled = [
        [row.row_id for row in build_golden(SPEC, model, each, {}) if row.kind == "sample"]
        for each in (frame, frame.repartition(3))
    ]
    assert sampled[0] == sampled[1]
    assert len(set(sampled[0])) == SAMPLED
