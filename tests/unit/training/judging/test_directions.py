"""Direction checks: a number is raised as a customer would, and what the model then says is counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from days_to_sell.spec import Column, Direction, Slice
from days_to_sell.training.judging.directions import check, raised
from days_to_sell.training.preparing.derive import derive
from tests.unit.training.markets import SPEC, market

DEARER = Direction("price", 0.1, "longer", share=0.8)


def test_rows_that_move_the_wrong_way_are_counted() -> None:
    """Of ten rows six rise, two stay and two fall, by half a day on average."""
    before = np.full(10, 30.0)
    change = np.array([1.0] * 6 + [0.0, 1e-9, -0.5, -0.5])
    found = check(DEARER, pd.DataFrame(index=range(10)), before, before + change)
    assert (found.rows, found.share) == (10, 0.8)
    assert found.change_days == pytest.approx(0.5)
    assert found.kept
    assert not replace(found, share=0.79).kept
    assert not replace(found, change_days=-0.1).kept


def test_the_same_moves_are_wrong_where_sooner_is_expected() -> None:
    """What has to shorten the stay is judged by the opposite sign."""
    before = np.full(4, 30.0)
    sooner = replace(DEARER, expect="sooner")
    found = check(sooner, pd.DataFrame(index=range(4)), before, before + np.array([-1.0, -1.0, -1.0, 1.0]))
    assert (found.share, found.change_days) == (0.75, -0.5)
    assert found.metrics() == {"direction_price_share": 0.75, "direction_price_change_days": -0.5}
    assert not found.kept


def test_the_worst_slices_are_named_and_small_ones_are_not() -> None:
    """Where it fails comes first; what has fewer than thirty rows says nothing."""
    make = ["A"] * 100 + ["B"] * 50 + ["C"] * 10
    change = np.where(np.array(make) == "A", 1.0, np.where(np.arange(160) % 2, -1.0, 1.0))
    rows = pd.DataFrame({"make": make})
    found = check(DEARER, rows, np.zeros(160), change, (Slice("make"),))
    assert [(each.value, each.rows, each.share) for each in found.worst] == [("B", 50, 0.5), ("A", 100, 1.0)]
    assert str(found.worst[0]) == "50% of 50 where make is B"


def test_raising_a_raw_column_raises_what_is_derived_from_it(spark: SparkSession) -> None:
    """A tenth more in price is a tenth more in price over valuation, and nothing else moves."""
    frame = derive(market(spark, 50), SPEC, {})
    before, after = (each.orderBy("row_id").toPandas() for each in (frame, raised(frame, SPEC, DEARER, {})))
    assert after["price_ratio"].to_numpy() == pytest.approx(1.1 * before["price_ratio"].to_numpy())
    same = ["row_id", "make", "mileage", "valuation", "duration"]
    pd.testing.assert_frame_equal(before[same], after[same])


def test_whole_numbers_stay_whole(spark: SparkSession) -> None:
    """A request carries whole pounds, so the check tries no others."""
    inputs = tuple(
        Column("price", "long", "GBP", minimum=0) if column.name == "price" else column
        for column in SPEC.inputs
    )
    spec = replace(SPEC, inputs=inputs)
    frame = derive(market(spark, 50), spec, {})
    prices = raised(frame, spec, replace(DEARER, step=0.0333), {}).toPandas()["price"]
    assert (prices == prices.round()).all()
