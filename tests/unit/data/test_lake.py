"""Reading a lake: which snapshot, which files, and what is said when they are not there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from days_to_sell.data.lake import read_snapshot
from days_to_sell.data.storage import Storage
from days_to_sell.errors import DataError
from days_to_sell.models.days_to_sell.spec import ADVERTS, SPEC, TAXONOMY
from tests.lakes import DAY, SmallLake

EARLIER = date(2025, 5, 31)


def test_parquet_is_read_with_the_types_it_has(spark: SparkSession, tmp_path: Path, lake: SmallLake) -> None:
    """A snapshot of Parquet files is every row of every file, as stored."""
    snapshot = read_snapshot(spark, lake.write(tmp_path, files=2), SPEC.sources)
    assert snapshot.day == DAY
    assert {name: frame.count() for name, frame in snapshot.frames.items()} == {
        "adverts": 6,
        "taxonomy": 2,
        "valuations": 2,
        "geography": 2,
    }
    assert dict(snapshot.frames["adverts"].dtypes)["price_gbp"] == "double"


def test_csv_is_read_as_text_with_quotes_and_gaps(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """A CSV keeps its text (commas, quotes, accents) and leaves what is empty null."""
    model = 'Škoda "Fabia", estate'
    lake["taxonomy"].spoil(0, model=model)
    frames = read_snapshot(spark, lake.write(tmp_path, kind="csv"), SPEC.sources).frames
    assert {kind for _, kind in frames["taxonomy"].dtypes} == {"string"}
    row = frames["taxonomy"].where("derivative_id = 'd1'").first()
    assert (row["model"], row["body_type"]) == (model, None)


def test_the_newest_snapshot_that_all_sources_have_is_taken(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """A source that is a month ahead waits for the others; an older day can be asked for."""
    lake.write(tmp_path, day=date(2025, 4, 30))
    root = lake.write(tmp_path, day=EARLIER)
    SmallLake({"adverts": lake["adverts"]}).write(tmp_path)
    assert read_snapshot(spark, root, SPEC.sources).day == EARLIER
    assert read_snapshot(spark, root, [ADVERTS]).day == DAY
    assert read_snapshot(spark, root, SPEC.sources, date(2025, 4, 30)).day == date(2025, 4, 30)


def test_a_trailing_slash_makes_no_other_lake(spark: SparkSession, tmp_path: Path, lake: SmallLake) -> None:
    """The root is recorded without it."""
    assert read_snapshot(spark, lake.write(tmp_path) + "/", SPEC.sources).root == str(tmp_path)


def test_a_missing_source_is_named_with_where_it_should_be(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """The message shows the folder that was expected."""
    del lake.tables["valuations"]
    root = lake.write(tmp_path)
    with pytest.raises(DataError, match="source 'valuations' is not in the lake") as refused:
        read_snapshot(spark, root, SPEC.sources)
    assert f"{root}/valuations/snapshot_date=YYYY-MM-DD/" in str(refused.value)


def test_a_missing_snapshot_is_answered_with_those_there_are(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """Asking for a day that no source has lists the days of each."""
    root = lake.write(tmp_path)
    with pytest.raises(DataError, match="have no snapshot 2024-01-01") as refused:
        read_snapshot(spark, root, SPEC.sources, date(2024, 1, 1))
    assert f"adverts: {DAY}" in str(refused.value)


def test_sources_without_a_common_day_are_listed_with_their_days(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """A lake whose sources never meet is refused, not joined across days."""
    SmallLake({"adverts": lake["adverts"]}).write(tmp_path)
    SmallLake({"taxonomy": lake["taxonomy"]}).write(tmp_path, day=EARLIER)
    with pytest.raises(DataError, match="no snapshot in common") as refused:
        read_snapshot(spark, str(tmp_path), [ADVERTS, TAXONOMY])
    assert f"adverts: {DAY}; taxonomy: {EARLIER}" in str(refused.value)


def test_files_of_two_kinds_are_refused(spark: SparkSession, tmp_path: Path, lake: SmallLake) -> None:
    """A folder that holds Parquet and CSV is nobody's table."""
    lake.write(tmp_path)
    root = lake.write(tmp_path, kind="csv")
    with pytest.raises(DataError, match=r"holds \['csv', 'parquet'\]"):
        read_snapshot(spark, root, SPEC.sources)


def test_an_empty_snapshot_folder_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    """Markers and hidden files are no data."""
    folder = tmp_path / "adverts" / f"snapshot_date={DAY}"
    folder.mkdir(parents=True)
    (folder / "_SUCCESS").touch()
    with pytest.raises(DataError, match="holds no files"):
        read_snapshot(spark, str(tmp_path), [ADVERTS])


def test_a_snapshot_named_by_no_day_is_refused(spark: SparkSession, tmp_path: Path, lake: SmallLake) -> None:
    """The folder is named with the form it should have."""
    root = lake.write(tmp_path)
    (tmp_path / "adverts" / "snapshot_date=last").mkdir()
    with pytest.raises(DataError, match="snapshot_date=last is no snapshot: name it snapshot_date=YYYY-MM"):
        read_snapshot(spark, root, SPEC.sources)


def test_a_file_where_the_lake_should_be_is_a_missing_source(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """A path to a file says that the source is not there, without a stack trace."""
    file = tmp_path / "adverts.csv"
    file.write_text("advert_id\na1\n", encoding="utf-8")
    with pytest.raises(DataError, match="adverts"):
        read_snapshot(spark, str(file), [ADVERTS])


def test_a_scheme_that_nobody_knows_is_a_data_error(spark: SparkSession) -> None:
    """A mistyped address is told as ours, not as Java's."""
    with pytest.raises(DataError, match="s3x://bucket/cars/adverts cannot be reached"):
        read_snapshot(spark, "s3x://bucket/cars", [ADVERTS])


def test_a_small_file_is_replaced_whole(spark: SparkSession, tmp_path: Path) -> None:
    """A text written twice holds the second one, and no draft stays behind."""
    storage = Storage(spark)
    file = str(tmp_path / "notes" / "manifest.json")
    storage.write_text(file, "first, and longer")
    storage.write_text(file, "über")
    assert storage.read_text(file) == "über"
    assert [name for name in storage.names(str(tmp_path / "notes")) if not name.startswith(".")] == [
        "manifest.json"
    ]
    assert not storage.exists(f"{file}.part")


def test_reading_a_file_that_is_not_there_is_a_data_error(spark: SparkSession, tmp_path: Path) -> None:
    """The path is in the message."""
    with pytest.raises(DataError, match=r"absent\.json cannot be read"):
        Storage(spark).read_text(str(tmp_path / "absent.json"))
