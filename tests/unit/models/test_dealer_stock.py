"""The dealer's stock list: brought into a lake, and made a training frame."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from days_to_sell.data.integrity import check_sources, check_training_frame
from days_to_sell.data.lake import read_snapshot
from days_to_sell.errors import DataError
from days_to_sell.models.dealer_stock.example import COLUMNS, NOMINAL_SNAPSHOT, write_example_lake
from days_to_sell.models.dealer_stock.spec import SPEC
from days_to_sell.models.dealer_stock.training_data import training_frame

ROWS = (
    "501,1,4,9500,5,120000,77,Skoda,Octavia,Diesel,Wagon,Manual 6-speed,White,4/5,20",
    "502,0,31.14,,8,190000,81,Audi,A3,Diesel,Sedan,Manual,Black metallic,4/5,12",
    "503,0,0,14200,3,60000,110,Volvo,V60,Diesel,Wagon,Automatic,Blue,4/5,31",
)


@pytest.fixture
def stock_list(tmp_path: Path) -> Path:
    """A stock list of three cars: sold, unsold without a price, and just booked in."""
    file = tmp_path / "stock.csv"
    file.write_text("\n".join([",".join(COLUMNS), *ROWS, ""]), encoding="utf-8")
    return file


def test_the_columns_are_those_that_the_spec_declares() -> None:
    """The file that is asked for has the columns of the source, and the leaking ones are not among them."""
    (stock,) = SPEC.sources
    assert sorted(COLUMNS) == sorted(column.name for column in stock.columns)
    assert not set(COLUMNS) & set(stock.leaks)


def test_the_list_becomes_a_lake_as_it_is(tmp_path: Path, stock_list: Path) -> None:
    """The file's bytes are the source's snapshot, under a nominal date or the one given."""
    root = tmp_path / "lake"
    assert write_example_lake(root, data=stock_list) == NOMINAL_SNAPSHOT
    assert write_example_lake(root, data=stock_list, snapshot=date(2025, 3, 1)) == date(2025, 3, 1)
    for day in (NOMINAL_SNAPSHOT, date(2025, 3, 1)):
        assert (
            root / "stock" / f"snapshot_date={day}" / "part-0.csv"
        ).read_bytes() == stock_list.read_bytes()


@pytest.mark.parametrize("given", [None, "absent.csv"])
def test_a_missing_list_is_named_with_its_public_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    """Without the file, or one beside the project, the message says which repository and file it is."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as refusal:
        write_example_lake(tmp_path / "lake", data=tmp_path / given if given else None)
    for words in ("machinely79/predicting-used-car-stock-retention", "carsdata.csv", "DATA=PATH"):
        assert words in str(refusal.value)
    assert given is None or given in str(refusal.value)


def test_another_file_is_refused_with_the_columns_it_lacks(tmp_path: Path) -> None:
    """A CSV with other columns never becomes a lake; the message names what is missing."""
    file = tmp_path / "other.csv"
    file.write_text("Cars,weeks_in_stock\nAudi A3,4\n", encoding="utf-8")
    with pytest.raises(DataError, match="lacks stock_id, is_sold, price_eur"):
        write_example_lake(tmp_path / "lake", data=file)
    assert not (tmp_path / "lake").exists()


def test_weeks_become_days_and_the_id_is_hidden(
    spark: SparkSession, tmp_path: Path, stock_list: Path
) -> None:
    """Weeks count as seven days, none as half a day; the id that follows time is read by no feature."""
    write_example_lake(tmp_path / "lake", data=stock_list)
    snapshot = read_snapshot(spark, str(tmp_path / "lake"), SPEC.sources)
    typed, report = check_sources(SPEC.sources, snapshot.frames, snapshot.day)
    assert report.green, report
    frame = training_frame(typed, snapshot.day)
    rows = {row["make"]: row for row in frame.collect()}
    assert {make: (row["duration"], row["observed"]) for make, row in rows.items()} == {
        "Skoda": (28.0, 1.0),
        "Audi": (pytest.approx(217.98), 0.0),
        "Volvo": (0.5, 0.0),
    }
    assert rows["Audi"]["price_eur"] is None
    assert not {"weeks_in_stock", "is_sold"} & set(frame.columns)
    assert "stock_id" not in [column.name for column in SPEC.columns]
    assert len({row["row_id"] for row in rows.values()}) == 3
    assert not any(number in row["row_id"] for row in rows.values() for number in ("501", "502", "503"))
    assert check_training_frame(SPEC, frame).green
