"""From the four sources to the training frame of days_to_sell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.data.integrity import check_sources, check_training_frame
from days_to_sell.data.lake import read_snapshot
from days_to_sell.models.days_to_sell.example.offers import BAND_MIDDLES
from days_to_sell.models.days_to_sell.mileage_bands import BANDS, EDGES, UNKNOWN
from days_to_sell.models.days_to_sell.spec import SPEC
from days_to_sell.models.days_to_sell.spells import spells
from days_to_sell.models.days_to_sell.training_data import training_frame
from tests.unit.models.conftest import Lake, spells_of

SNAPSHOT = date(2025, 6, 30)
ADVERT = {
    "advert_id": "a1",
    "derivative_id": "D1",
    "seller_id": "s1",
    "seller_type": "independent",
    "outcode": "SW7",
    "listed_on": date(2025, 5, 20),
    "removed_on": date(2025, 6, 3),
    "price_gbp": 9_995,
    "mileage": 25_000,
    "registered_on": date(2020, 3, 1),
    "vehicle_id": None,
    "removal_reason": None,
}
VALUATION = {
    "derivative_id": "D1",
    "registration_year": 2020,
    "valued_on": date(2025, 5, 1),
    "mileage_band": "20-30k",
    "retail_gbp": 10_000,
}
TYPES = {
    "adverts": "advert_id string, derivative_id string, seller_id string, seller_type string, "
    "outcode string, listed_on date, removed_on date, price_gbp bigint, mileage bigint, registered_on date, "
    "vehicle_id string, removal_reason string",
    "taxonomy": "derivative_id string, make string, model string, derivative string, fuel_type string, "
    "transmission string, body_type string, engine_cc bigint, power_ps bigint",
    "valuations": "derivative_id string, registration_year bigint, valued_on date, mileage_band string, "
    "retail_gbp bigint",
    "geography": "outcode string, postcode_area string, region string, country string, latitude double, "
    "longitude double",
}


@pytest.fixture
def sources(spark: SparkSession) -> Any:
    """Builds the four sources from changes to one advert and one valuation each."""

    def build(adverts: list[dict[str, Any]], valuations: list[dict[str, Any]]) -> dict[str, DataFrame]:
        rows = {
            "adverts": [{**ADVERT, **advert} for advert in adverts],
            "valuations": [{**VALUATION, **valuation} for valuation in valuations],
            "taxonomy": [
                {
                    "derivative_id": "D1",
                    "make": "Kia",
                    "model": "Picanto",
                    "derivative": "1.0 67 PS Petrol Manual",
                    "fuel_type": "Petrol",
                    "transmission": "Manual",
                    "body_type": None,
                    "engine_cc": 998,
                    "power_ps": 67,
                }
            ],
            "geography": [
                {
                    "outcode": "SW7",
                    "postcode_area": "SW",
                    "region": "London",
                    "country": "England",
                    "latitude": 51.5,
                    "longitude": -0.17,
                }
            ],
        }
        return {name: spark.createDataFrame(rows[name], TYPES[name]) for name in rows}

    return build


def only_row(frame: DataFrame) -> dict[str, Any]:
    """Give the single row of a frame."""
    (row,) = frame.collect()
    return row.asDict()


def test_the_valuation_is_the_latest_one_known_on_the_day_of_listing(sources: Any) -> None:
    """Of three months, the last one that had begun by the listing is taken, the later one never."""
    months = [
        {"valued_on": date(2025, 4, 1), "retail_gbp": 10_400},
        {"valued_on": date(2025, 6, 1), "retail_gbp": 9_600},
        {"valued_on": date(2025, 5, 1), "retail_gbp": 10_000},
    ]
    assert only_row(training_frame(sources([{}], months), SNAPSHOT))["valuation_gbp"] == 10_000.0
    first_of_june = sources([{"listed_on": date(2025, 6, 1)}], months)
    assert only_row(training_frame(first_of_june, SNAPSHOT))["valuation_gbp"] == 9_600.0


def test_an_advert_that_only_later_valuations_fit_has_none(sources: Any) -> None:
    """A valuation from after the listing, of another band or year does not count; the row stays."""
    unfit = [
        {"valued_on": date(2025, 6, 1)},
        {"mileage_band": "30-40k"},
        {"registration_year": 2019},
    ]
    assert only_row(training_frame(sources([{}], unfit), SNAPSHOT))["valuation_gbp"] is None


def test_a_car_without_mileage_is_valued_in_the_unknown_band(sources: Any) -> None:
    """A missing mileage stays missing and takes the valuation given for that case."""
    bands = [{}, {"mileage_band": UNKNOWN, "retail_gbp": 9_000}]
    row = only_row(training_frame(sources([{"mileage": None}], bands), SNAPSHOT))
    assert row["mileage"] is None
    assert row["valuation_gbp"] == 9_000.0


@pytest.mark.parametrize(
    ("listed_on", "removed_on", "duration", "observed"),
    [
        (date(2025, 5, 20), date(2025, 6, 3), 14.0, 1.0),
        (date(2025, 5, 20), date(2025, 5, 20), 0.5, 1.0),
        (date(2025, 5, 20), None, 41.0, 0.0),
        (SNAPSHOT, None, 0.5, 0.0),
    ],
)
def test_duration_runs_to_removal_or_to_the_snapshot(
    sources: Any, listed_on: date, removed_on: date | None, duration: float, observed: float
) -> None:
    """A sold advert ends at its removal, a listed one is censored at the snapshot; no day counts as half."""
    frame = training_frame(sources([{"listed_on": listed_on, "removed_on": removed_on}], [{}]), SNAPSHOT)
    row = only_row(frame)
    assert (row["duration"], row["observed"]) == (duration, observed)
    assert row["as_of"] == row["listed_on"] == listed_on


def day(number: int) -> date:
    """Count days from the first of January."""
    return date(2025, 1, 1) + timedelta(days=number)


def chain(*adverts: tuple[int, int | None, str | None], **values: Any) -> list[dict[str, Any]]:
    """Make adverts of one car from days of listing and removal and the reason, named a1, a2 and so on."""
    return [
        {
            "advert_id": f"a{number}",
            "vehicle_id": "v1",
            "listed_on": day(listed),
            "removed_on": None if removed is None else day(removed),
            "removal_reason": reason,
            "price_gbp": 10_000 - 500 * number,
            **values,
        }
        for number, (listed, removed, reason) in enumerate(adverts, start=1)
    ]


@pytest.mark.parametrize(
    ("adverts", "rows"),
    [
        pytest.param([(0, 20, "withdrawn"), (34, 40, "sold")], {"a1": (26.0, 1.0)}, id="relisted in time"),
        pytest.param(
            [(0, 20, "withdrawn"), (35, 40, "sold")],
            {"a1": (20.0, 0.0), "a2": (5.0, 1.0)},
            id="relisted too late",
        ),
        pytest.param([(0, 20, "withdrawn")], {"a1": (20.0, 0.0)}, id="withdrawn"),
        pytest.param([(0, 20, None)], {"a1": (20.0, 1.0)}, id="removed without a reason is sold"),
        pytest.param([(0, 0, "withdrawn"), (0, 0, "sold")], {"a1": (0.5, 1.0)}, id="all on one day"),
        pytest.param(
            [(0, 10, "withdrawn"), (10, 30, "withdrawn"), (40, 60, "withdrawn")],
            {"a1": (50.0, 0.0)},
            id="withdrawn at last",
        ),
        pytest.param([(0, 10, "sold"), (12, 20, "sold")], {"a1": (18.0, 1.0)}, id="sale fell through"),
        pytest.param([(170, 175, "withdrawn"), (178, None, None)], {"a1": (7.0, 0.0)}, id="still listed"),
        pytest.param([(0, 30, "withdrawn"), (10, 40, "sold")], {"a1": (40.0, 1.0)}, id="overlapping"),
        pytest.param(
            [(0, 50, "sold"), (10, 20, "withdrawn"), (60, 61, "withdrawn")],
            {"a1": (51.0, 0.0)},
            id="one within another",
        ),
        pytest.param([(100, None, None), (110, 180, "sold")], {"a1": (80.0, 0.0)}, id="another still listed"),
    ],
)
def test_adverts_of_a_car_that_follow_one_another_are_one_spell(
    sources: Any, adverts: list[tuple[int, int | None, str | None]], rows: dict[str, tuple[float, float]]
) -> None:
    """Its days are those on which the car was listed, and it is sold when its last advert was."""
    frame = training_frame(sources(chain(*adverts), [{"valued_on": date(2024, 12, 1)}]), SNAPSHOT)
    assert {row["row_id"]: (row["duration"], row["observed"]) for row in frame.collect()} == rows


def test_a_spell_is_described_by_its_first_advert(sources: Any) -> None:
    """Price and valuation are those of the first listing, whatever a relisting says."""
    months = [{"valued_on": day(0)}, {"valued_on": day(20), "retail_gbp": 9_000}]
    adverts = chain((5, 15, "withdrawn"), (25, 40, "sold"))
    row = only_row(training_frame(sources(adverts, months), SNAPSHOT))
    assert (row["row_id"], row["listed_on"], row["as_of"]) == ("a1", day(5), day(5))
    assert (row["price_gbp"], row["valuation_gbp"]) == (9_500.0, 10_000.0)


def test_spells_do_not_reach_over_sellers_or_unnamed_cars(sources: Any) -> None:
    """A car that another seller lists starts anew; adverts that name no car are never brought together."""
    times = ((0, 10, "withdrawn"), (12, 20, "sold"))
    first, second = chain(*times)
    traded = training_frame(sources([first, second | {"seller_id": "s2"}], [{}]), SNAPSHOT)
    unnamed = training_frame(sources(chain(*times, vehicle_id=None), [{}]), SNAPSHOT)
    for frame in (traded, unnamed):
        found = {row["row_id"]: (row["duration"], row["observed"]) for row in frame.collect()}
        assert found == {"a1": (10.0, 0.0), "a2": (8.0, 1.0)}


def test_a_lake_that_names_no_cars_is_not_sorted_by_them(sources: Any) -> None:
    """What has no ``vehicle_id`` goes round the windows, which see the rest alone."""
    plan = spells(sources([{}], [{}])["adverts"], SNAPSHOT)._jdf.queryExecution().optimizedPlan().toString()
    alone, chained = plan.split("Window")[0], plan.split("Window")[-1]
    assert plan.count("Union") == 1
    assert "isnotnull(vehicle_id" in chained
    assert alone.count("isnull(vehicle_id") == plan.count("isnull(vehicle_id")


def test_the_answer_does_not_come_through_but_every_other_column_does(
    spark: SparkSession, sources: Any
) -> None:
    """What is known only afterwards is gone; any other column of a source is there, a number as double."""
    tables = sources([{}], [{}])
    extra = spark.createDataFrame([("a1", 5)], "advert_id string, doors int")
    tables["adverts"] = tables["adverts"].join(extra, "advert_id")
    frame = training_frame(tables, SNAPSHOT)
    assert not {"removed_on", "removal_reason", "vehicle_id", "sold", "days_listed"} & set(frame.columns)
    assert dict(frame.dtypes)["doors"] == "double"
    assert not {kind for _, kind in frame.dtypes} - {"string", "date", "double"}
    assert only_row(frame)["doors"] == 5.0


def test_bands_are_cut_where_their_names_say(spark: SparkSession, sources: Any) -> None:
    """A mileage on an edge opens the next band, in the training frame as in the example data."""
    mileages = [0, *EDGES, EDGES[-1] + 1]
    adverts = [{"advert_id": f"a{mileage}", "mileage": mileage} for mileage in mileages]
    rows = training_frame(sources(adverts, [{}]), SNAPSHOT).collect()
    found = {row["mileage"]: row["mileage_band"] for row in rows}
    assert [found[float(mileage)] for mileage in mileages] == [*BANDS, BANDS[-1]]
    assert len(BANDS) == len(EDGES) + 1 == len(BAND_MIDDLES) - 1


def test_the_example_lake_passes_every_declared_check(spark: SparkSession, example_lake: Lake) -> None:
    """Read as any lake is read, the example is green, and gives one valued row for each car on offer."""
    snapshot = read_snapshot(spark, str(example_lake.root), SPEC.sources)
    typed, report = check_sources(SPEC.sources, snapshot.frames, snapshot.day)
    assert snapshot.day == example_lake.snapshot
    assert report.green, report
    frame = training_frame(typed, snapshot.day).cache()
    assert check_training_frame(SPEC, frame).green
    made = frame.toPandas()
    truth = example_lake.read("_truth")
    assert sorted(made["row_id"]) == list(truth["row_id"])
    ratio = made["price_gbp"] / made["valuation_gbp"]
    assert ratio.between(0.6, 1.6).all()
    sold = made[made["observed"] == 1.0].merge(truth, on="row_id")
    pd.testing.assert_series_equal(sold["duration"], sold["days"], check_names=False)
    kept = made[made["observed"] == 0.0].merge(truth, on="row_id")
    assert (kept["duration"] <= kept["days"]).all()
    expected = spells_of(example_lake).set_index("row_id").loc[made["row_id"]]
    assert made["duration"].tolist() == expected["duration"].tolist()
    assert made["observed"].tolist() == expected["observed"].tolist()
