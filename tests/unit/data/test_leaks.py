"""A leak that is planted is caught by the column's name, whatever the column is called."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from days_to_sell.data.leaks import LEAST_ROWS, judge_sample, leak_suspects, named_leaks
from days_to_sell.data.report import CheckResult, Report
from days_to_sell.models.days_to_sell.spec import ADVERTS
from days_to_sell.spec import Category, Column, ModelSpec
from tests.unit.training.markets import SPEC, WITHOUT_GROUP_OR_TIME, frame_of, market_rows

Plant = Callable[[pd.DataFrame], "pd.Series[object]"]


@pytest.fixture(scope="module")
def sound() -> pd.DataFrame:
    """Three thousand rows of a market without any leak, dates as days."""
    rows = market_rows(3_000)
    return rows.assign(listed_on=pd.to_datetime(rows["listed_on"]).map(pd.Timestamp.toordinal))


def changes(rows: pd.DataFrame) -> pd.Series[object]:
    """Price changes gather while a car stands: one in ten days."""
    return pd.Series(np.random.default_rng(5).poisson(rows["duration"] / 10), rows.index)


def season(rows: pd.DataFrame) -> pd.Series[object]:
    """A season of sale is filled for what was sold."""
    return pd.Series(np.where(rows["observed"] == 1, "spring", None), rows.index)


def running_number(rows: pd.DataFrame) -> pd.Series[object]:
    """A number given as cars come in: text, so that 9 stands after 10 where texts are merely sorted."""
    return "S" + rows["listed_on"].rank(method="first").astype(int).astype(str)


def reading(column: str, kind: str) -> ModelSpec:
    """The market's model with one more raw column to read."""
    if kind == "string":
        return replace(SPEC, features=(*SPEC.features, Category(column, top=3)))
    return replace(SPEC, inputs=(*SPEC.inputs, Column(column, "double")))


def told(report: Report) -> list[tuple[str, str, str]]:
    """Severity, check and column of every suspicion."""
    return [
        (result.severity, result.check, sample.split(" ")[0])
        for result in report.results
        for sample in result.samples
    ]


FORETELLS = "no column foretells the outcome alone (leak)"
MISSING = "no column is missing where the outcome is (leak)"
FOLLOWS = "no order of ids follows time (leak)"
GROUPS = "no column but the group names sellers or the like (leak)"


def test_a_market_without_leaks_is_under_no_suspicion(sound: pd.DataFrame) -> None:
    """Every kind of suspicion was looked into, and none fell on a column."""
    report = judge_sample(SPEC, sound)
    assert told(report) == []
    assert [result.check for result in report.results] == [FORETELLS, MISSING, FOLLOWS, GROUPS]


def test_a_price_change_count_is_caught_by_its_own_name() -> None:
    """A column that the spec knows as a leak is named before any value is read."""
    found = named_leaks(ADVERTS, ["advert_id", "price_changes"])
    assert (found.severity, found.samples) == ("FAILED", ("price_changes",))


@pytest.mark.parametrize(
    ("plant", "kind", "check"),
    [(changes, "double", FORETELLS), (season, "string", MISSING), (running_number, "string", FOLLOWS)],
    ids=["a price-change count", "a season of sale", "a number that follows time"],
)
def test_a_leak_under_an_innocent_name_is_caught(
    sound: pd.DataFrame, plant: Plant, kind: str, check: str
) -> None:
    """Read by the model it turns the report red; merely come through it is a warning, by the same name."""
    planted = sound.assign(note=plant(sound))
    read = judge_sample(reading("note", kind), planted)
    assert ("FAILED", check, "note") in told(read)
    assert {column for _, _, column in told(read)} == {"note"}
    passed_by = judge_sample(SPEC, planted)
    assert ("warning", check, "note") in told(passed_by)
    assert passed_by.green


def test_without_a_date_an_id_follows_time_among_unsold_cars(sound: pd.DataFrame) -> None:
    """What came in late has stood a short time only: the order of ids is seen in that."""
    unsold = sound.assign(observed=np.arange(len(sound)) % 2 * 1.0).drop(columns=["seller", "listed_on"])
    planted = unsold.assign(stock_id=running_number(pd.DataFrame({"listed_on": -unsold["duration"]})))
    report = judge_sample(WITHOUT_GROUP_OR_TIME, planted)
    (found,) = [result for result in report.warnings if result.check == FOLLOWS]
    assert re.match(r"stock_id \(rank correlation -[01]\.\d+ with the time unsold rows", found.samples[0])


def test_rows_in_the_order_of_time_are_told(sound: pd.DataFrame) -> None:
    """A row id is read by no model, so it is a warning."""
    planted = sound.assign(row_id=running_number(sound))
    assert told(judge_sample(SPEC, planted)) == [("warning", FOLLOWS, "row_id")]


def test_a_seller_that_is_not_named_as_group_is_suspected(sound: pd.DataFrame) -> None:
    """An id with repeated values would stand on both sides of a split; as the group it does not."""
    dealers = sound.rename(columns={"seller": "dealer_id"})
    assert told(judge_sample(replace(SPEC, group=None), dealers)) == [("warning", GROUPS, "dealer_id")]
    assert told(judge_sample(replace(SPEC, group="dealer_id"), dealers)) == []


def test_too_few_rows_are_not_judged(sound: pd.DataFrame) -> None:
    """Chance puts a handful of rows into any order; the report says so in place of a verdict."""
    planted = sound.assign(touches=changes(sound)).head(LEAST_ROWS - 1)
    report = judge_sample(SPEC, planted)
    assert told(report) == []
    assert all("too few to tell" in result.note for result in report.results)


def test_the_sample_is_taken_of_a_frame_with_dates(spark: SparkSession) -> None:
    """A bounded part of the rows is looked at; another date counts from the listing."""
    rows = market_rows(2_000)
    left = pd.to_datetime(rows["listed_on"]) + pd.to_timedelta(np.ceil(rows["duration"]), unit="D")
    frame = frame_of(spark, rows.assign(last_seen=left.dt.date))
    (found,) = leak_suspects(SPEC, frame, 2_000).warnings
    assert isinstance(found, CheckResult)
    assert found.samples[0].startswith("last_seen (concordance 0.9")
