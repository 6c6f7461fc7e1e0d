"""Sellers in two folds are caught by name before anything is fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from days_to_sell.errors import IntegrityError
from days_to_sell.training.preparing.folds import Folds
from days_to_sell.training.preparing.held_out import require_whole_groups
from tests.unit.training.markets import SPEC


def folds_of(spark: SparkSession, fit: str, calibrate: str, test: str) -> Folds:
    """Make folds of sellers, a letter each."""
    frames = [
        spark.createDataFrame([(seller,) for seller in part], "seller string")
        for part in (fit, calibrate, test)
    ]
    return Folds(*frames, "by hand")


def test_a_seller_in_two_folds_is_named(spark: SparkSession) -> None:
    """The message says which column, how many values, and where they stand."""
    with pytest.raises(IntegrityError) as refused:
        require_whole_groups(SPEC, folds_of(spark, "aabc", "cd", "be"))
    said = "seller stands in two folds (leak): 2 values, such as b (fit and test), c (calibrate and fit)"
    assert str(refused.value).startswith(said)


def test_whole_groups_are_let_through(spark: SparkSession) -> None:
    """Nothing is said of sellers that stand in one fold, nor where the spec names no group."""
    require_whole_groups(SPEC, folds_of(spark, "aab", "c", "d"))
    require_whole_groups(replace(SPEC, group=None), folds_of(spark, "a", "a", "a"))
