"""A small market with a known truth, and a spec for it: what makes a car sell soon, without any lake.

Expected days grow from one make to the next and with the price; listings are cut off at a snapshot.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.spec import (
    Bucketed,
    Candidate,
    Category,
    Column,
    Crossed,
    Direction,
    Judgement,
    ModelSpec,
    Number,
    Ratio,
    Slice,
    Source,
    SourceColumn,
)

FIRST_DAY = date(2024, 1, 1)
SPAN, FOLLOWED = 300, 150
RARE = ("F", "G", "H", "I")
MAKES = ("A", "B", "C", "D", "E", *RARE)
SHARES = (0.3, 0.25, 0.2, 0.1, 0.05, 0.025, 0.025, 0.025, 0.025)
TOP = 4

SPEC = ModelSpec(
    name="market",
    title="Market",
    description="Expected days until a car sells, restricted to 90 days",
    sources=(Source("cars", ("row_id",), (SourceColumn("row_id", "string"),)),),
    horizon=90,
    group="seller",
    time="listed_on",
    what_if="price",
    inputs=(
        Column("price", "double", "GBP", minimum=0),
        Column("valuation", "double", "GBP", minimum=0),
        Column("listed_on", "date", default_today=True),
    ),
    features=(
        Number("price_ratio", Ratio("price", "valuation")),
        Bucketed("mileage", (10_000, 40_000, 80_000), minimum=0),
        Category("make", top=TOP),
    ),
    candidates=(
        Candidate.of("AFTSurvivalRegression", maxIter=40),
        Candidate.of("GeneralizedLinearRegression", family="gamma", link="log", regParam=0.001),
        Candidate.of("GBTRegressor", maxIter=6, maxDepth=3, stepSize=0.3, minInstancesPerNode=20, seed=7),
        Candidate.of("RandomForestRegressor", numTrees=8, maxDepth=5, minInstancesPerNode=20, seed=7),
    ),
    judgement=Judgement(
        slices=(Slice("make", top=3),),
        segment=("make",),
        directions=(Direction("price", 0.1, "longer", 0.8),),
    ),
)
CROSSED = replace(SPEC, crossed=(Crossed("make_mileage", ("make", "mileage"), top=6),))
WITHOUT_GROUP_OR_TIME = replace(SPEC, group=None, time=None)


def market_rows(count: int, seed: int = 5) -> pd.DataFrame:
    """Make raw rows with their outcome, as the data room would give them."""
    random = np.random.default_rng(seed)
    make = random.choice(MAKES, size=count, p=SHARES)
    ratio = random.uniform(0.7, 1.3, count)
    mean_days = np.minimum(12 * 1.6 ** np.searchsorted(MAKES, make), 80) * np.exp(ratio - 1)
    listed = random.integers(0, SPAN, count)
    sold_after = np.ceil(random.exponential(mean_days))
    follow_up = SPAN + FOLLOWED - listed
    mileage = random.uniform(0, 120_000, count).round()
    return pd.DataFrame(
        {
            "row_id": [f"r{i:05}" for i in range(count)],
            "seller": [f"s{i}" for i in random.integers(0, 120, count)],
            "listed_on": [FIRST_DAY + timedelta(days=int(day)) for day in listed],
            "price": 10_000.0 * ratio,
            "valuation": 10_000.0,
            "mileage": np.where(random.random(count) < 0.05, np.nan, mileage),
            "make": make,
            "duration": np.minimum(sold_after, follow_up).astype(float),
            "observed": (sold_after <= follow_up).astype(float),
        }
    )


def market(spark: SparkSession, count: int, seed: int = 5) -> DataFrame:
    """Make the training frame of the market."""
    return frame_of(spark, market_rows(count, seed))


def frame_of(spark: SparkSession, rows: pd.DataFrame) -> DataFrame:
    """Turn rows into a frame in which a missing number is null."""
    return spark.createDataFrame(rows).replace(float("nan"), None, subset=["mileage"])
