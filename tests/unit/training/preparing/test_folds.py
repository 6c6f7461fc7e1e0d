"""Folds: nobody on both sides, nothing of the future in training."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from days_to_sell.training.preparing.folds import Folds, split
from tests.unit.training.markets import SPEC, WITHOUT_GROUP_OR_TIME, frame_of, market_rows

NAMES = ("fit", "calibrate", "test")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Two thousand raw rows."""
    return market_rows(2_000).set_index("row_id", drop=False)


@pytest.fixture(scope="module")
def folds(spark: SparkSession, rows: pd.DataFrame) -> Folds:
    """Their folds by seller and time."""
    return split(SPEC, frame_of(spark, rows))


@pytest.fixture(scope="module")
def parts(folds: Folds) -> dict[str, pd.DataFrame]:
    """The folds as tables."""
    return {name: getattr(folds, name).toPandas().set_index("row_id", drop=False) for name in NAMES}


def test_no_group_stands_in_two_folds(parts: dict[str, pd.DataFrame]) -> None:
    """A seller's adverts are all in one fold, so that a model is judged on sellers it has not seen."""
    sellers = [set(part["seller"]) for part in parts.values()]
    assert all(sellers)
    assert sum(map(len, sellers)) == len(set.union(*sellers))


def test_what_is_tested_was_listed_later_than_all_that_is_learnt(parts: dict[str, pd.DataFrame]) -> None:
    """The test fold begins on the day before which all other listings lie; the description names the day."""
    learnt = max(parts["fit"]["listed_on"].max(), parts["calibrate"]["listed_on"].max())
    assert learnt < parts["test"]["listed_on"].min()


def test_training_rows_hold_only_what_was_known_when_the_test_begins(
    folds: Folds, parts: dict[str, pd.DataFrame], rows: pd.DataFrame
) -> None:
    """A sale after that day counts as not seen yet, and the duration ends on that day."""
    cut = pd.Timestamp(folds.description.split("listings from ")[1].split(" ")[0]).date()
    for name in ("fit", "calibrate"):
        part, truth = parts[name], rows.loc[parts[name].index]
        known_until = part["listed_on"] + part["duration"].map(lambda days: timedelta(days=days))
        assert known_until.max() <= cut
        later = truth["duration"] > part["duration"]
        assert later.any()
        assert (part.loc[later, "observed"] == 0).all()
        assert (part.loc[~later, "observed"] == truth.loc[~later, "observed"]).all()
    tested = rows.loc[parts["test"].index]
    assert (parts["test"]["duration"] == tested["duration"]).all()


def test_the_description_names_group_and_day(folds: Folds) -> None:
    """A reader of the run learns how the folds were made."""
    assert folds.description.startswith("by seller, whole groups; listings from 2024-")


def test_without_group_and_time_the_split_is_by_hash_and_says_so(
    spark: SparkSession, rows: pd.DataFrame
) -> None:
    """Every row is in exactly one fold, about as intended, and the description says what is missing."""
    folds = split(WITHOUT_GROUP_OR_TIME, frame_of(spark, rows))
    ids = {name: {row["row_id"] for row in getattr(folds, name).select("row_id").collect()} for name in NAMES}
    assert sum(map(len, ids.values())) == len(set.union(*ids.values())) == len(rows)
    shares = {name: len(part) / len(rows) for name, part in ids.items()}
    assert shares == pytest.approx({"fit": 0.6, "calibrate": 0.15, "test": 0.25}, abs=0.04)
    assert folds.description == "by hash of row_id; no time column, so nothing later is held out"


def test_a_split_depends_on_the_rows_alone(spark: SparkSession, rows: pd.DataFrame, folds: Folds) -> None:
    """Other partitions and another order of rows give the same folds."""
    shuffled = split(SPEC, frame_of(spark, rows.sample(frac=1, random_state=3)).repartition(5))
    ids = [{row["row_id"] for row in each.test.select("row_id").collect()} for each in (folds, shuffled)]
    assert ids[0] == ids[1]
    assert shuffled.description == folds.description
