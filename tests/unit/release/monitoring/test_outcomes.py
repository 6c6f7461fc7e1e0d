"""Live outcomes: what became of adverts, censoring minded, and nothing said before it can be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from days_to_sell.errors import MonitorError
from days_to_sell.release.monitoring.outcomes import Live, judge_outcomes, measure
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.spec import Candidate, Column, ModelSpec, Number, Ratio, Source, SourceColumn
from tests.packages import cars, days_by_formula, make_package

SPEC = ModelSpec(
    name="tiny-model",
    title="Tiny model",
    description="Days by a formula",
    sources=(Source("cars", ("row_id",), (SourceColumn("row_id", "string"),)),),
    horizon=90,
    time="listed_on",
    inputs=(Column("price_gbp", "double"), Column("valuation_gbp", "double")),
    features=(
        Number("price_to_valuation", Ratio("price_gbp", "valuation_gbp")),
        Number("mileage", type="long"),
    ),
    candidates=(Candidate.of("GeneralizedLinearRegression"),),
)
TRAINED, TODAY = date(2025, 6, 30), date(2026, 1, 31)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """What is released, trained on the snapshot of June."""
    made = make_package(tmp_path_factory.mktemp("outcomes") / "package")
    return replace(made, provenance={**made.provenance, "snapshot": TRAINED.isoformat()})


def adverts(later: float = 0.0, followed: float = 200.0, count: int = 2_000) -> pd.DataFrame:
    """Cars that take the days that the package says and some ``later``, followed for up to so many days."""
    random = np.random.default_rng(3)
    rows = pd.DataFrame([cars(200)[i] for i in random.integers(0, 200, count)])
    days = np.array([days_by_formula(row) for row in rows.to_dict("records")])
    takes = days + later + random.uniform(-8, 8, count)
    lost = random.uniform(0, followed, count)
    return rows.assign(
        duration=np.minimum(takes, lost),
        observed=(takes <= lost).astype(float),
        mileage=rows["mileage"].astype(float),
    )


@pytest.mark.parametrize("later", [0.0, 10.0])
def test_a_shifted_market_shows_in_the_bias(package: ModelPackage, later: float) -> None:
    """Half of the cars are lost before they are sold, and the mean error is what it is all the same."""
    live = measure(adverts(later), SPEC, package, "2026-01-31")
    assert live.sold < 0.9 * live.rows
    assert live.refused == 0
    assert live.bias_days == pytest.approx(-later, abs=0.5)
    assert live.mae_days == pytest.approx(max(later, 4.0), abs=0.6)
    assert live.concordance is not None
    assert live.concordance > 0.65
    assert set(live.metrics) == {
        "live/rows", "live/sold", "live/followed_days", "live/c_index", "live/bias_days", "live/mae_days",
    }  # fmt: skip


def test_expected_days_are_not_judged_before_the_horizon(package: ModelPackage) -> None:
    """After five weeks one can tell the order of what was sold, not how long the rest will take."""
    live = measure(adverts(followed=35.0), SPEC, package, "2025-08-05")
    assert live.followed_days < 35
    assert (live.bias_days, live.mae_days) == (None, None)
    assert live.concordance is not None
    assert "cannot be judged yet" in "\n".join(live.lines())
    assert "live/bias_days" not in live.metrics


def test_rows_without_an_answer_are_counted_and_left_out(package: ModelPackage) -> None:
    """One bad price does not stop the judgement of the others."""
    rows = adverts()
    rows.loc[:9, "price_gbp"] = 0.0
    live = measure(rows, SPEC, package, "2026-01-31")
    assert (live.rows, live.refused) == (2_000, 10)
    assert live.bias_days == pytest.approx(0, abs=0.5)


def test_only_what_was_listed_after_training_is_judged(spark: SparkSession, package: ModelPackage) -> None:
    """Not before a newer snapshot is there, and then the later adverts alone."""
    rows = adverts(count=60).assign(
        row_id=[f"r{i}" for i in range(60)],
        listed_on=[TRAINED + timedelta(days=i - 19) for i in range(60)],
    )
    frame = spark.createDataFrame(rows)
    assert judge_outcomes(frame, SPEC, package, TRAINED.isoformat()) is None
    live = judge_outcomes(frame, SPEC, package, TODAY.isoformat())
    assert isinstance(live, Live)
    assert (live.rows, live.snapshot) == (40, "2026-01-31")
    assert judge_outcomes(frame.limit(5), SPEC, package, TODAY.isoformat()) is None


def test_what_cannot_be_told_later_is_refused(spark: SparkSession, package: ModelPackage) -> None:
    """No time column, or a package that does not say when its data ends."""
    frame = spark.createDataFrame(adverts(count=3))
    with pytest.raises(MonitorError, match="no time column"):
        judge_outcomes(frame, replace(SPEC, time=None), package, TODAY.isoformat())
    silent = replace(package, provenance={})
    with pytest.raises(MonitorError, match="does not say when its data ends"):
        judge_outcomes(frame, SPEC, silent, TODAY.isoformat())
