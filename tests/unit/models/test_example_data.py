"""The generated lake: whole, repeatable, the same market on any day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from days_to_sell.errors import DataError
from days_to_sell.models.days_to_sell.example import write_example_lake
from days_to_sell.models.days_to_sell.example.ids import ids
from days_to_sell.models.days_to_sell.example.relisting import LONGEST_GAP, MOST
from days_to_sell.models.days_to_sell.spec import SPEC
from days_to_sell.models.days_to_sell.spells import RELISTED_WITHIN
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


def test_another_snapshot_shows_the_same_market_on_another_day(tmp_path: Path) -> None:
    """Cars in both lakes are the same; what was on sale on the earlier day is told as far as it went."""
    days = [date(2025, 3, 31), date(2025, 6, 30)]
    for day in days:
        write_example_lake(tmp_path, adverts=3_000, seed=3, snapshot=day)
    before, after = (read_all(tmp_path, day) for day in days)
    assert len(before["_truth"]) == len(after["_truth"]) == 3_000
    truth = before["_truth"].merge(after["_truth"], on="row_id", suffixes=("", "_after"))
    assert len(truth) > 2_800
    for name in ("expected_days", "log_scale", "days"):
        assert (truth[name] == truth[f"{name}_after"]).all()
    both = before["adverts"].merge(after["adverts"], on="advert_id", suffixes=("", "_after"))
    settled = both["removed_on"].notna()
    for name in [name for name in before["adverts"] if name != "advert_id"]:
        rows = both[settled] if name in ("removed_on", "removal_reason") else both
        pd.testing.assert_series_equal(rows[name], rows[f"{name}_after"], check_names=False)
    assert (both.loc[~settled, "removed_on_after"].dropna() > days[0]).all()
    listed = after["adverts"].loc[after["adverts"]["listed_on"] <= days[0], "advert_id"]
    assert set(listed) <= set(before["adverts"]["advert_id"])


def test_the_sources_have_the_declared_columns(example_lake: Lake) -> None:
    """Each source has the columns that the spec declares, in that order, and no other."""
    for source in SPEC.sources:
        assert list(example_lake.read(source.name)) == [column.name for column in source.columns]


def test_every_reference_between_the_sources_holds(example_lake: Lake) -> None:
    """Ids are unique; every derivative and outcode that is named exists, and every car has its truth."""
    adverts, taxonomy = example_lake.read("adverts"), example_lake.read("taxonomy")
    valuations, geography = example_lake.read("valuations"), example_lake.read("geography")
    assert adverts["vehicle_id"].nunique() == 20_000
    assert adverts["advert_id"].is_unique
    assert taxonomy["derivative_id"].is_unique
    assert geography["outcode"].is_unique
    assert not valuations.duplicated(
        ["derivative_id", "registration_year", "valued_on", "mileage_band"]
    ).any()
    assert set(adverts["derivative_id"]) <= set(taxonomy["derivative_id"])
    assert set(valuations["derivative_id"]) <= set(taxonomy["derivative_id"])
    assert set(adverts["outcode"]) <= set(geography["outcode"])
    first = adverts.sort_values("listed_on").groupby("vehicle_id")["advert_id"].first()
    assert sorted(first) == list(example_lake.read("_truth")["row_id"])


def test_nothing_happens_after_the_snapshot_or_before_it_can(example_lake: Lake) -> None:
    """Cars are registered before they are listed, listed before they are removed, and all by the snapshot."""
    adverts = example_lake.read("adverts")
    gone = adverts.dropna(subset="removed_on")
    assert (adverts["registered_on"] < adverts["listed_on"]).all()
    assert (gone["listed_on"] <= gone["removed_on"]).all()
    assert adverts["listed_on"].max() <= example_lake.snapshot
    assert gone["removed_on"].max() <= example_lake.snapshot
    assert example_lake.read("valuations")["valued_on"].max() <= example_lake.snapshot
    assert (adverts["removal_reason"].isna() == adverts["removed_on"].isna()).all()


def test_a_car_that_is_listed_again_is_the_same_car(example_lake: Lake) -> None:
    """Its next advert follows a withdrawal, soon, by the same seller, and asks less; nothing else changes."""
    adverts = example_lake.read("adverts").sort_values(["vehicle_id", "listed_on", "advert_id"])
    following = adverts["vehicle_id"] == adverts["vehicle_id"].shift()
    again, before = adverts[following], adverts.shift()[following]
    gap = (pd.to_datetime(again["listed_on"]) - pd.to_datetime(before["removed_on"])).dt.days
    assert 0.05 < following.mean() < 0.15
    assert gap.min() == 0
    assert gap.max() == LONGEST_GAP <= RELISTED_WITHIN
    assert (before["removal_reason"] == "withdrawn").all()
    assert (again["price_gbp"] < before["price_gbp"]).all()
    for name in ("seller_id", "derivative_id", "outcode", "registered_on"):
        assert (again[name] == before[name]).all()
    assert again["mileage"].equals(before["mileage"])
    assert adverts.groupby("vehicle_id").size().max() <= MOST


def test_dealers_have_several_cars_and_private_sellers_one(example_lake: Lake) -> None:
    """Splits by seller have something to group, and each seller has one type and one place."""
    adverts = example_lake.read("adverts")
    sellers = adverts.groupby("seller_id").agg(
        cars=("vehicle_id", "nunique"), types=("seller_type", "nunique"), places=("outcode", "nunique")
    )
    private = set(adverts.loc[adverts["seller_type"] == "private", "seller_id"])
    dealers = sellers[~sellers.index.isin(private)]
    assert (sellers.loc[list(private), "cars"] == 1).all()
    assert 600 <= len(dealers) <= 900
    assert dealers["cars"].median() >= 10
    assert (sellers[["types", "places"]] == 1).all(axis=None)


def test_ids_and_row_order_do_not_follow_time(example_lake: Lake) -> None:
    """Neither the place of a row nor its ids rank with the day of listing."""
    adverts = example_lake.read("adverts")
    listed = pd.to_datetime(adverts["listed_on"]).rank()
    assert adverts["advert_id"].is_monotonic_increasing
    for name in ("advert_id", "vehicle_id", "seller_id"):
        assert abs(np.corrcoef(adverts[name].rank(), listed)[0, 1]) < 0.03


def test_different_numbers_have_different_ids() -> None:
    """Neighbouring numbers, and those far apart, are told apart; a seed scatters them anew."""
    numbers = np.concatenate([np.arange(200_000), 2**32 - 1 - np.arange(200_000)])
    assert len(np.unique(ids("a", numbers, 20))) == len(numbers)
    assert not (ids("a", numbers, 20) == ids("a", numbers, 21)).any()


def test_a_failed_write_leaves_the_earlier_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a table cannot be written, the snapshot that was there is still whole and no draft remains."""
    snapshot = write_example_lake(tmp_path, adverts=500, seed=3)
    before = read_all(tmp_path, snapshot)
    calls = iter(range(10))

    def fail_on_the_third(table: object, path: Path, **_: object) -> None:
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


@pytest.mark.parametrize("adverts", [99, 50_000_001])
def test_too_few_and_too_many_adverts_are_refused(tmp_path: Path, adverts: int) -> None:
    """Outside what works, the message says what does, and nothing is written."""
    with pytest.raises(DataError, match="ask for 100 or more, up to 50000000"):
        write_example_lake(tmp_path, adverts=adverts)
    assert list(tmp_path.iterdir()) == []
