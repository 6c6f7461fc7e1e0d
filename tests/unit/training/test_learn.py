"""What is learnt for serving: the contract, and a profile that counts rows as the service will."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.feature import SQLTransformer
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.data.binning import count_bins
from days_to_sell.scoring.bins import NumberBins, TextBins
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.profile import Profile
from days_to_sell.spec import Category, Lookup, Quantile, Source, SourceColumn
from days_to_sell.training import learn as learning
from days_to_sell.training.evaluation import Curve
from days_to_sell.training.learn import Learned, learn, spread
from tests.unit.training.markets import MAKES, SPEC, frame_of, market_rows

ROWS = 600
# The market, with a text that is looked up and texts beyond those that are told apart.
LANDS = Source("lands", ("make",), (SourceColumn("make", "string"), SourceColumn("land", "string")))
LOOKED_UP = replace(
    SPEC,
    sources=(*SPEC.sources, LANDS),
    features=(*SPEC.features, Category("land", derive=Lookup("make", "lands", "land"))),
)
SHAPE = Curve(np.array([0.1, 1 / 3, 2.0]), np.array([0.95, 0.5, 0.2]))
TABLES = {"land": {make: "north" if make < "C" else "south" for make in MAKES if make != "I"}}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Raw rows of a small market."""
    return market_rows(ROWS)


@pytest.fixture(scope="module")
def frame(spark: SparkSession, rows: pd.DataFrame) -> DataFrame:
    """The same as a training frame."""
    return frame_of(spark, rows).cache()


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> PipelineModel:
    """Stands for a fitted pipeline: days that any engine can work out."""
    return PipelineModel([SQLTransformer(statement="SELECT *, 10 * price_ratio AS days FROM __THIS__")])


@pytest.fixture(scope="module")
def learned(frame: DataFrame, model: PipelineModel) -> Learned:
    """What is learnt of it."""
    return learn(LOOKED_UP, model, frame, TABLES, SHAPE)


def test_the_contract_knows_categories_by_frequency_and_a_whole_example(learned: Learned) -> None:
    """Categories come most frequent first; the example has no gaps, and dates are ISO text."""
    contract = learned.contract
    fields = {field.column.name: field for field in contract.fields}
    assert list(fields) == [column.name for column in LOOKED_UP.columns]
    assert fields["make"].categories[:3] == MAKES[:3]
    assert set(fields["make"].categories) == set(MAKES)
    assert fields["mileage"].categories == ()
    assert all(field.example is not None for field in contract.fields)
    example, problems = contract.parse({n: f.example for n, f in fields.items()}, today=date(2025, 1, 1))
    assert not problems
    assert isinstance(example["listed_on"], date)


def test_the_contract_knows_how_the_like_of_a_row_spread(learned: Learned) -> None:
    """Shares that rows were followed to are multiples of the answer; the last tenth was not."""
    assert learned.contract.quantiles == (Quantile(0.1, 0.333333), Quantile(0.5, 0.333333))
    assert learned.contract.quantiles_of(30.0) == {"0.1": 9.99999, "0.5": 9.99999}


def test_a_sum_in_another_order_changes_no_quantile() -> None:
    """What differs in the last bits, as with other cores, is the same multiple."""
    shaken = Curve(SHAPE.times * (1 + 1e-12), SHAPE.shares * (1 - 1e-13))
    assert spread(shaken) == spread(SHAPE)


def test_examples_are_values_of_json() -> None:
    """A long carries no decimal point, a missing number is null, and a date is text."""
    price = LOOKED_UP.inputs[0]
    whole = learning.to_json(replace(price, type="long"), 9_500.0)
    assert (whole, type(whole)) == (9_500, int)
    assert learning.to_json(price, math.nan) is None
    assert learning.to_json(price, None) is None
    assert learning.to_json(price, date(2025, 1, 2)) == "2025-01-02"


def test_the_profile_counts_as_the_service_does(learned: Learned, rows: pd.DataFrame) -> None:
    """Each raw row, derived in Python, falls into the bin that Spark counted it in; dates have none."""
    derive = Derivations(LOOKED_UP.derivations, TABLES).compile()
    derived = [derive(row) for row in rows.astype(object).to_dict("records")]
    for row in derived:
        row["days"] = 10 * row["price_ratio"]
    profile = learned.profile
    assert list(profile.features) == ["price", "valuation", "mileage", "make", "price_ratio", "land"]
    assert profile.rows == ROWS
    for name, histogram in profile.histograms:
        counted = Counter(map(histogram.bins.finder(), (row[name] for row in derived)))
        assert histogram.counts == tuple(counted[i] for i in range(histogram.bins.size)), name
    missing = profile.features["land"].counts[-1]
    assert missing == sum(row["make"] == "I" for row in derived) > 0


def test_tenths_of_the_rows_lie_between_the_edges(learned: Learned) -> None:
    """Of a number that varies, each inner bin holds about a tenth, and no training row lies outside."""
    counts = learned.profile.features["price"].counts
    assert len(counts) == 13
    assert counts[0] == 1
    assert all(ROWS / 10 - 3 <= count <= ROWS / 10 + 3 for count in counts[1:11])
    assert counts[11:] == (0, 0)
    constant = learned.profile.features["valuation"]
    assert (constant.bins, constant.counts) == (NumberBins((10_000.0,)), (ROWS, 0, 0))


def test_the_layout_of_the_rows_changes_nothing(
    frame: DataFrame, model: PipelineModel, learned: Learned
) -> None:
    """Another number of partitions gives the same contract and the same profile."""
    assert learn(LOOKED_UP, model, frame.repartition(3), TABLES, SHAPE) == learned


def test_a_sample_gives_the_edges_and_every_row_is_counted(
    frame: DataFrame, model: PipelineModel, learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many rows are cut by a sample of them; lowest and highest are those of all rows."""
    monkeypatch.setattr(learning, "SAMPLED_ROWS", 150)
    sampled = learn(LOOKED_UP, model, frame.repartition(2), TABLES, SHAPE).profile
    edges: list[Any] = [each.features["price"].bins for each in (learned.profile, sampled)]
    assert edges[0] != edges[1]
    assert (edges[0].edges[0], edges[0].edges[-1]) == (edges[1].edges[0], edges[1].edges[-1])
    assert sum(sampled.features["price"].counts) == ROWS


def test_the_profile_survives_its_file(learned: Learned) -> None:
    """Edges keep every bit."""
    assert Profile.from_dict(json.loads(json.dumps(learned.profile.to_dict()))) == learned.profile


def test_other_data_is_counted_into_the_same_bins(spark: SparkSession) -> None:
    """Missing, unseen, beyond the edges and on them: each row has one bin, null and NaN the same."""
    texts = TextBins(("Ford", "Kia"), ("Lada",))
    numbers = NumberBins((0.0, 10.0))
    cells: list[tuple[str | None, float | None]] = [
        ("Ford", -1.0), ("Ford", 0.0), ("Lada", 0.1), (None, 10.0), ("Tesla", 11.0), ("kia", None),
        ("", math.nan), ("(other)", math.inf),
    ]  # fmt: skip
    frame = spark.createDataFrame(cells, "make string, price double")
    counts = count_bins(frame, {"make": texts, "price": numbers})
    assert counts == {"make": (2, 0, 1, 4, 1), "price": (2, 2, 2, 2)}
    for column, (name, bins) in enumerate((("make", texts), ("price", numbers))):
        counted = Counter(bins.finder()(cell[column]) for cell in cells)
        assert counts[name] == tuple(counted[index] for index in range(bins.size))
