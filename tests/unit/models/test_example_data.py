"""The generated example data: whole, repeatable, and as hard as they claim to be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines.utils import concordance_index

from days_to_sell.errors import DataError
from days_to_sell.models.days_to_sell.example import write_example_lake
from days_to_sell.models.days_to_sell.example.process import SELLER_FRAILTY, SHAPE, expected_days
from days_to_sell.models.days_to_sell.spec import SPEC
from tests.unit.models.conftest import Lake

TABLES = ("adverts", "taxonomy", "valuations", "geography", "_truth")


def read_all(root: Path, snapshot: date) -> dict[str, pd.DataFrame]:
    """Read every table of a written lake."""
    return {name: Lake(root, snapshot).read(name) for name in TABLES}


def test_the_same_seed_gives_the_same_lake_and_another_seed_another(tmp_path: Path) -> None:
    """All tables agree value by value under one seed; another seed changes prices, places and days."""
    first = read_all(tmp_path / "first", write_example_lake(tmp_path / "first", adverts=500, seed=3))
    again = read_all(tmp_path / "again", write_example_lake(tmp_path / "again", adverts=500, seed=3))
    other = read_all(tmp_path / "other", write_example_lake(tmp_path / "other", adverts=500, seed=4))
    for name in TABLES:
        pd.testing.assert_frame_equal(first[name], again[name])
    for name in ("adverts", "valuations", "geography", "_truth"):
        assert not first[name].equals(other[name])


def test_the_sources_have_the_declared_columns(example_lake: Lake) -> None:
    """Each source has the columns that the spec declares, in that order, and no other."""
    for source in SPEC.sources:
        assert list(example_lake.read(source.name)) == [column.name for column in source.columns]


def test_every_reference_between_the_sources_holds(example_lake: Lake) -> None:
    """Ids are unique; every derivative and outcode that is named exists."""
    adverts, taxonomy = example_lake.read("adverts"), example_lake.read("taxonomy")
    valuations, geography = example_lake.read("valuations"), example_lake.read("geography")
    assert len(adverts) == 20_000
    assert adverts["advert_id"].is_unique
    assert taxonomy["derivative_id"].is_unique
    assert geography["outcode"].is_unique
    assert not valuations.duplicated(
        ["derivative_id", "registration_year", "valued_on", "mileage_band"]
    ).any()
    assert set(adverts["derivative_id"]) <= set(taxonomy["derivative_id"])
    assert set(valuations["derivative_id"]) <= set(taxonomy["derivative_id"])
    assert set(adverts["outcode"]) <= set(geography["outcode"])
    assert set(example_lake.read("_truth")["advert_id"]) == set(adverts["advert_id"])


def test_nothing_happens_after_the_snapshot_or_before_it_can(example_lake: Lake) -> None:
    """Cars are registered before they are listed, listed before they are removed, and all by the snapshot."""
    adverts = example_lake.read("adverts")
    sold = adverts.dropna(subset="removed_on")
    assert (adverts["registered_on"] < adverts["listed_on"]).all()
    assert (sold["listed_on"] <= sold["removed_on"]).all()
    assert adverts["listed_on"].max() <= example_lake.snapshot
    assert sold["removed_on"].max() <= example_lake.snapshot
    assert example_lake.read("valuations")["valued_on"].max() <= example_lake.snapshot


def test_an_advert_is_censored_exactly_when_it_outlasts_the_snapshot(example_lake: Lake) -> None:
    """``removed_on`` is the listing plus the true days, and null where that is after the snapshot."""
    rows = example_lake.read("adverts").merge(example_lake.read("_truth"), on="advert_id")
    listed = pd.to_datetime(rows["listed_on"])
    gone = listed + pd.to_timedelta(np.floor(rows["days"]), unit="D")
    outlasts = gone > pd.Timestamp(example_lake.snapshot)
    assert (rows["removed_on"].isna() == outlasts).all()
    assert (pd.to_datetime(rows["removed_on"])[~outlasts] == gone[~outlasts]).all()
    assert 0.02 < outlasts.mean() < 0.10


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_days_are_as_long_and_as_unpredictable_as_on_a_real_market(tmp_path: Path, seed: int) -> None:
    """Median 24 to 31 days, 95th percentile 145 to 195; the truth explains 15 to 30 % of log days."""
    truth = Lake(tmp_path, write_example_lake(tmp_path, seed=seed)).read("_truth")
    explained = np.corrcoef(np.log(truth["days"]), np.log(truth["expected_days"]))[0, 1] ** 2
    assert 24 <= truth["days"].median() <= 31
    assert 145 <= truth["days"].quantile(0.95) <= 195
    assert 0.15 <= explained <= 0.30
    assert 0.60 <= concordance_index(truth["days"], truth["expected_days"]) <= 0.70


def test_the_expectation_is_calibrated_in_every_tenth(tmp_path: Path) -> None:
    """Within each tenth by expectation, restricted days and expectation agree in the mean, within 4 %."""
    truth = Lake(tmp_path, write_example_lake(tmp_path, adverts=200_000)).read("_truth")
    truth["restricted"] = truth["days"].clip(upper=SPEC.horizon)
    tenths = truth.groupby(pd.qcut(truth["expected_days"], 10, labels=False))
    means = tenths[["restricted", "expected_days"]].mean()
    assert (means["restricted"] / means["expected_days"] - 1).abs().max() < 0.04


def test_the_expectation_agrees_with_simulation() -> None:
    """For one scale, the quadrature gives what a million draws of frailty and chance give."""
    rng = np.random.default_rng(1)
    log_scale = np.array([2.0, 3.5, 5.0])
    frailty = rng.normal(0.0, np.hypot(SELLER_FRAILTY, 0.10), 1_000_000)
    chance = rng.exponential(size=1_000_000) ** (1 / SHAPE)
    for scale, expected in zip(log_scale, expected_days(log_scale, 180), strict=True):
        days = np.maximum(np.floor(np.exp(scale + frailty) * chance), 0.5)
        assert np.minimum(days, 180).mean() == pytest.approx(expected, rel=0.01)


def test_a_dearer_car_takes_longer(example_lake: Lake) -> None:
    """The fifth of the adverts priced highest over their valuation lasts longer than the lowest fifth."""
    rows = example_lake.read("adverts").merge(example_lake.read("_truth"), on="advert_id")
    known = example_lake.read("valuations")
    rows["valued_on"] = pd.to_datetime(rows["listed_on"]).dt.to_period("M").dt.start_time.dt.date
    rows["registration_year"] = pd.to_datetime(rows["registered_on"]).dt.year
    unknown = known[known["mileage_band"] == "unknown"]
    rows = rows[rows["mileage"].isna()].merge(unknown, on=["derivative_id", "registration_year", "valued_on"])
    fifth = pd.qcut(rows["price_gbp"] / rows["retail_gbp"], 5, labels=False)
    median = rows.groupby(fifth)["days"].median()
    assert median[4] > 1.3 * median[0]


def test_dealers_have_several_adverts_and_private_sellers_one(example_lake: Lake) -> None:
    """Splits by seller have something to group, and each seller has one type and one place."""
    adverts = example_lake.read("adverts")
    sellers = adverts.groupby("seller_id").agg(
        adverts=("advert_id", "size"), types=("seller_type", "nunique"), places=("outcode", "nunique")
    )
    private = set(adverts.loc[adverts["seller_type"] == "private", "seller_id"])
    dealers = sellers[~sellers.index.isin(private)]
    assert (sellers.loc[list(private), "adverts"] == 1).all()
    assert 600 <= len(dealers) <= 900
    assert dealers["adverts"].median() >= 10
    assert (sellers[["types", "places"]] == 1).all(axis=None)


def test_ids_and_row_order_do_not_follow_time(example_lake: Lake) -> None:
    """Neither the place of a row nor its id ranks with the day of listing."""
    adverts = example_lake.read("adverts")
    listed = pd.to_datetime(adverts["listed_on"]).rank()
    assert adverts["advert_id"].is_monotonic_increasing
    assert abs(np.corrcoef(np.arange(len(adverts)), listed)[0, 1]) < 0.03


def test_a_failed_write_leaves_the_earlier_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a table cannot be written, the snapshot that was there is still whole and no draft remains."""
    snapshot = write_example_lake(tmp_path, adverts=500, seed=3)
    before = read_all(tmp_path, snapshot)
    calls = iter(range(10))

    def fail_on_the_third(table: object, path: Path) -> None:
        if next(calls) == 2:
            raise OSError("no space left on device")
        Path(path).write_bytes(b"")

    monkeypatch.setattr("days_to_sell.models.days_to_sell.example.lake.pq.write_table", fail_on_the_third)
    with pytest.raises(OSError, match="no space"):
        write_example_lake(tmp_path, adverts=500, seed=4)
    after = read_all(tmp_path, snapshot)
    for name in TABLES:
        pd.testing.assert_frame_equal(before[name], after[name])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(TABLES)


def test_too_few_adverts_are_refused(tmp_path: Path) -> None:
    """Asking for a handful of adverts is refused, with the smallest number that works."""
    with pytest.raises(DataError, match="ask for 100 or more"):
        write_example_lake(tmp_path, adverts=99)
