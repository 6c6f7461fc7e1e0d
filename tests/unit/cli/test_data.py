"""``days-to-sell data``: example lakes, and training data from a lake."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from days_to_sell.models import model_names
from tests.lakes import small_lake
from tests.unit.cli.conftest import Call


def test_example_writes_a_lake(call: Call, tmp_path: Path) -> None:
    """The sources lie there under the snapshot that is printed."""
    ended = call("data", "example", "--lake", tmp_path / "lake", "--adverts", 100)
    assert ended.code == 0, ended.err
    assert ended.out == f"lake {tmp_path / 'lake'} written, snapshot 2025-06-30\n"
    for source in ("adverts", "taxonomy", "valuations", "geography"):
        assert list((tmp_path / "lake" / source / "snapshot_date=2025-06-30").glob("*.parquet"))


def test_too_small_an_example_is_refused(call: Call, tmp_path: Path) -> None:
    """The message says how many to ask for, and no lake is begun."""
    ended = call("data", "example", "--lake", tmp_path / "lake", "--adverts", 3)
    assert ended.code == 1
    assert "error: an example lake of 3 adverts" in ended.err
    assert "ask for 100 or more" in ended.err
    assert not (tmp_path / "lake").exists()


def test_an_example_that_needs_a_file_says_where_it_comes_from(call: Call, tmp_path: Path) -> None:
    """The dealer's list is not part of the project: the message names the repository that has it."""
    absent = tmp_path / "stock.csv"
    ended = call("data", "example", "--model", "dealer_stock", "--lake", tmp_path / "lake", "--data", absent)
    assert ended.code == 1
    assert str(absent) in ended.err
    assert "carsdata.csv of the public GitHub repository" in ended.err


def test_an_unknown_model_is_answered_with_those_there_are(call: Call, tmp_path: Path) -> None:
    """A usage error lists the model folders."""
    ended = call("data", "example", "--model", "vans", "--lake", tmp_path / "lake")
    assert ended.code == 2
    for name in model_names():
        assert f"'{name}'" in ended.err


def test_a_snapshot_that_is_no_day_is_a_usage_error(call: Call) -> None:
    """The form of a day is in the message."""
    ended = call("data", "build", "--lake", "lake", "--snapshot", "June")
    assert ended.code == 2
    assert "'June' does not match the format '%Y-%m-%d'" in ended.err


def test_build_says_what_it_built_and_where(spark: SparkSession, call: Call, tmp_path: Path) -> None:
    """Rows, the censored share, the folder and the number of checks are printed."""
    lake = small_lake().write(tmp_path / "lake")
    ended = call("data", "build", "--lake", lake, "--training-data", tmp_path / "sets")
    assert ended.code == 0, ended.err
    checking, built, checked, page = ended.out.splitlines()
    assert checking == "checking 4 sources at snapshot 2025-06-30"
    assert built.startswith(f"training data: 6 rows, 50% censored, {tmp_path / 'sets' / 'days_to_sell'}/")
    report = Path(page.partition("report in ")[2])
    lines = report.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert checked == f"integrity: {len(lines) - 1} checks ok, 0 warnings, 0 failed"
    assert "Integrity report" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("day", ["2025-06-30", "2024-01-01"])
def test_build_takes_the_snapshot_that_is_asked_for(
    spark: SparkSession, call: Call, tmp_path: Path, day: str
) -> None:
    """A lake that is not there, or has no such day, is one message and exit code 1."""
    lake = tmp_path / "lake"
    if day == "2024-01-01":
        small_lake().write(lake)
    ended = call("data", "build", "--lake", lake, "--snapshot", day, "--training-data", tmp_path / "sets")
    assert ended.code == 1
    expected = f"have no snapshot {day}" if lake.exists() else "source 'adverts' is not in the lake"
    assert expected in ended.err
