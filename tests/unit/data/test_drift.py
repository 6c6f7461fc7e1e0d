"""Training data unlike that of Production is told, by column and by how much."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.data.drift import check_drift
from days_to_sell.data.report import Report
from days_to_sell.scoring.bins import NumberBins, TextBins
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.spec import Suspicion, Threshold
from tests.unit.training.markets import SPEC

ROWS = 1_000
PRODUCTION = Profile(
    ROWS,
    {
        "mileage": Histogram(NumberBins((20_000, 60_000)), (400, 400, 150, 50)),
        "make": Histogram(TextBins(("A", "B")), (600, 400, 0, 0, 0)),
    },
    Histogram(NumberBins((30.0,)), (500, 500, 0)),
)


def rows(spark: SparkSession, mileages: tuple[int, int, int, int], makes: tuple[int, int]) -> DataFrame:
    """A frame with so many rows in each of three bands of mileage and without one, and of makes A and B."""
    low, middle, high, missing = mileages
    known = [10_000.0] * low + [40_000.0] * middle + [90_000.0] * high
    values = [*known, *[None] * missing]
    return spark.createDataFrame(
        list(zip(values, ["A"] * makes[0] + ["B"] * makes[1], strict=True)), "mileage double, make string"
    )


@pytest.fixture(scope="module")
def drifted(spark: SparkSession) -> DataFrame:
    """Mileage from another population (twice the highest), make a little off."""
    return rows(spark, (220, 360, 370, 50), (440, 560))


def severities(report: Report) -> list[tuple[str, str]]:
    """Check and severity of each result."""
    return [(result.check, result.severity) for result in report.results]


def test_data_like_that_of_production_is_quiet(spark: SparkSession) -> None:
    """Every raw column that the profile has is compared, and what chance may do is no drift."""
    report = check_drift(SPEC, rows(spark, (395, 410, 145, 50), (590, 410)), PRODUCTION)
    assert severities(report) == [("mileage is as in Production", "ok"), ("make is as in Production", "ok")]


def test_another_population_is_red_and_a_shift_a_warning(drifted: DataFrame) -> None:
    """The index is in the note, with the thresholds of the spec and what to do."""
    report = check_drift(SPEC, drifted, PRODUCTION)
    assert severities(report) == [
        ("mileage is as in Production", "FAILED"),
        ("make is as in Production", "warning"),
    ]
    mileage, make = report.results
    assert mileage.note.startswith("PSI 0.3")
    assert mileage.note.endswith("red from 0.25; --accept-drift trains on it all the same")
    assert make.note == "PSI 0.103, warned of from 0.1, red from 0.25"


def test_accepted_drift_is_a_warning(drifted: DataFrame) -> None:
    """Whoever trains because the data has changed is not stopped for it."""
    report = check_drift(SPEC, drifted, PRODUCTION, halts=False)
    assert report.green
    assert len(report.warnings) == 2


def test_the_thresholds_are_those_of_the_spec(drifted: DataFrame) -> None:
    """A model that lives with more says so beside its features."""
    calm = replace(SPEC, suspicion=Suspicion(drift=Threshold(0.5, 1.0)))
    assert check_drift(calm, drifted, PRODUCTION).warnings == ()


def test_what_chance_may_do_is_no_drift(spark: SparkSession) -> None:
    """Ten rows are far off by chance alone: their index counts for nothing."""
    report = check_drift(SPEC, rows(spark, (2, 3, 4, 1), (3, 7)), PRODUCTION)
    assert [result.severity for result in report.results] == ["ok", "ok"]
    assert all(float(result.note.split()[1].rstrip(",")) > 0.25 for result in report.results)
