"""Bad data of every kind is found by the check that is for it, with its count and the rows' keys."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from days_to_sell.data.integrity import SAMPLES, check_sources, check_training_frame
from days_to_sell.data.lake import read_snapshot, rows_before
from days_to_sell.data.report import CheckResult, Report
from days_to_sell.errors import DataError
from days_to_sell.models.days_to_sell.spec import ADVERTS, SPEC, TAXONOMY
from days_to_sell.spec import OneOf, Source, SourceColumn, Unique, Within
from tests.lakes import DATE, DAY, TEXT, SmallLake, small_lake

Found = tuple[str, str, int, int, tuple[str, ...]]
TOMORROW = DAY + timedelta(days=1)


def check(spark: SparkSession, root: str) -> Report:
    """Check the sources of the example's spec in a lake."""
    snapshot = read_snapshot(spark, root, SPEC.sources)
    typed, report = check_sources(SPEC.sources, snapshot.frames, snapshot.day)
    for frame in typed.values():
        frame.unpersist()
    return report


def found(report: Report) -> list[Found]:
    """List the failures as plain values."""
    return [
        (result.source, result.check, result.failed, result.checked, result.samples)
        for result in report.failures
    ]


def bad_values() -> SmallLake:
    """A lake that can be read, and whose rows break every check that looks at values."""
    lake = small_lake(adverts=9)
    adverts, valuations = lake["adverts"], lake["valuations"]
    adverts.spoil(0, price_gbp=0.0)
    adverts.spoil(1, derivative_id="d9")
    adverts.spoil(2, outcode="ZZ9")
    adverts.spoil(3, removed_on=date(2025, 1, 1))
    adverts.spoil(4, registered_on=DAY)
    adverts.spoil(5, listed_on=TOMORROW)
    adverts.spoil(6, removed_on=TOMORROW)
    adverts.spoil(8, advert_id="a8")
    valuations.rows.append(valuations.rows[0] | {"valued_on": TOMORROW})
    valuations.spoil(0, retail_gbp=-1.0)
    valuations.spoil(1, derivative_id="d9")
    lake["taxonomy"].rows.append(dict(lake["taxonomy"].rows[0]))
    return lake


def bad_columns() -> SmallLake:
    """A lake of which no source is what it was declared to be."""
    lake = small_lake()
    adverts, valuations = lake["adverts"], lake["valuations"]
    adverts.retype("price_gbp", TEXT, "5100", "5200", "cheap", "1", "POA", "9")
    adverts.retype("registered_on", pa.timestamp("us"), *[None] * 5, datetime(2025, 6, 30))
    adverts.retype("views", pa.int64(), *range(6))
    adverts.spoil(0, mileage=float("inf"))
    adverts.spoil(1, mileage=float("nan"))
    adverts.spoil(3, seller_id=None)
    adverts.retype("seller_type", pa.bool_(), *[True] * 6)
    valuations.retype("registration_year", pa.float64(), 2019.0, 2019.5)
    valuations.retype("valued_on", pa.int32(), 18_000, 18_001)
    valuations.retype("retail_gbp", DATE, DAY, DAY)
    lake["taxonomy"].drop("make")
    lake["taxonomy"].drop("fuel_type")
    lake["geography"].rows.clear()
    return lake


VALUES: dict[str, Found] = {
    "price of nothing": ("adverts", "price_gbp is above zero", 1, 9, ("a1",)),
    "unknown derivative": ("adverts", "derivative_id is in taxonomy", 1, 9, ("a2 d9",)),
    "unknown outcode": ("adverts", "outcode is in geography", 1, 9, ("a3 ZZ9",)),
    "removed before listed": ("adverts", "listed_on is not after removed_on", 1, 9, ("a4",)),
    "listed before registered": ("adverts", "registered_on is not after listed_on", 1, 9, ("a5",)),
    "listed after the snapshot": ("adverts", f"listed_on is not after the snapshot {DAY}", 1, 9, ("a6",)),
    "removed after the snapshot": ("adverts", f"removed_on is not after the snapshot {DAY}", 1, 9, ("a7",)),
    "duplicate ids": ("adverts", "advert_id is unique", 2, 9, ("a8",)),
    "duplicate cars": ("taxonomy", "derivative_id is unique", 2, 3, ("d1",)),
    "valuation below nothing": (
        "valuations",
        "retail_gbp is above zero",
        1,
        3,
        ("d1 2019 2025-01-01 10-20k",),
    ),
    "valuation of an unknown derivative": (
        "valuations",
        "derivative_id is in taxonomy",
        1,
        3,
        ("d9 2019 2025-01-01 10-20k",),
    ),
    "valued after the snapshot": (
        "valuations",
        f"valued_on is not after the snapshot {DAY}",
        1,
        3,
        (f"d1 2019 {TOMORROW} 10-20k",),
    ),
}
COLUMNS: dict[str, Found] = {
    "missing columns": ("taxonomy", "columns are there", 2, 9, ("make", "fuel_type")),
    "empty table": ("geography", "has rows", 1, 1, ()),
    "column gathered during the advert's life": (
        "adverts",
        "no column gathered during a row's life (leak)",
        1,
        11,
        ("views",),
    ),
    "text where a number should be": ("adverts", "price_gbp is double", 2, 6, ("a3", "a5")),
    "number without end, and none": ("adverts", "mileage is double", 2, 6, ("a1", "a2")),
    "time of day where a date should be": ("adverts", "registered_on is date", 1, 6, ("a6",)),
    "more missing values than are shown": (
        "adverts",
        "registered_on is known",
        5,
        6,
        ("a1", "a2", "a3", "a4", "a5")[:SAMPLES],
    ),
    "truth where a text should be": (
        "adverts",
        "seller_type is string",
        6,
        6,
        ("a1", "a2", "a3", "a4", "a5"),
    ),
    "required value missing": ("adverts", "seller_id is known", 1, 6, ("a4",)),
    "part of a year": ("valuations", "registration_year is long", 1, 2, ("d2 2019.5 18001 10-20k",)),
    "number where a date should be": (
        "valuations",
        "valued_on is date",
        2,
        2,
        ("d1 2019.0 18000 10-20k", "d2 2019.5 18001 10-20k"),
    ),
    "date where a number should be": (
        "valuations",
        "retail_gbp is double",
        2,
        2,
        ("d1 2019.0 18000 10-20k", "d2 2019.5 18001 10-20k"),
    ),
}


@pytest.fixture(scope="module")
def value_failures(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    """What the report says of the lake of bad values."""
    return found(check(spark, bad_values().write(tmp_path_factory.mktemp("values"))))


@pytest.fixture(scope="module")
def column_failures(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    """What the report says of the lake of bad columns."""
    return found(check(spark, bad_columns().write(tmp_path_factory.mktemp("columns"))))


@pytest.mark.parametrize("case", VALUES)
def test_a_bad_value_is_found_with_its_count_and_its_row(value_failures: list[Found], case: str) -> None:
    """The check that is for it tells how many rows of how many broke it, and which."""
    assert VALUES[case] in value_failures


@pytest.mark.parametrize("case", COLUMNS)
def test_a_bad_column_is_found_with_its_count_and_its_rows(column_failures: list[Found], case: str) -> None:
    """A column that is missing, leaks, or holds what it should not is found before any row is compared."""
    assert COLUMNS[case] in column_failures


def test_no_check_fails_for_another_ones_reason(
    value_failures: list[Found], column_failures: list[Found]
) -> None:
    """The failures are those that were sown and no others; all are in one report."""
    assert sorted(value_failures) == sorted(VALUES.values())
    assert sorted(column_failures) == sorted(COLUMNS.values())


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_sound_lake_is_green(spark: SparkSession, tmp_path: Path, lake: SmallLake, kind: str) -> None:
    """Every declared check of every source was made, and passed, however the lake is stored."""
    report = check(spark, lake.write(tmp_path, kind=kind))
    assert found(report) == []
    made = {(result.source, result.check) for result in report.results}
    declared = sum(len(source.checks) for source in SPEC.sources)
    columns = sum(len(source.columns) for source in SPEC.sources)
    required = sum(not column.nullable for source in SPEC.sources for column in source.columns)
    assert len(made) == len(report.results) == declared + columns + required + 3 * len(SPEC.sources)


def test_an_optional_column_may_be_absent_but_not_wrong(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """Without it the source is green and the column all null; with it, its type and values are checked."""
    absent = read_snapshot(spark, lake.write(tmp_path / "absent"), [ADVERTS])
    typed, report = check_sources([ADVERTS], absent.frames, absent.day)
    assert [failure[1] for failure in found(report)] == [
        "derivative_id is in taxonomy (taxonomy is red)",
        "outcode is in geography (geography is red)",
    ]
    assert typed["adverts"].where("vehicle_id IS NOT NULL OR removal_reason IS NOT NULL").isEmpty()
    lake["adverts"].retype("removal_reason", TEXT, None, "sold", None, "withdrawn", None, "lost")
    lake["adverts"].retype("vehicle_id", TEXT, *["v1"] * 6)
    assert found(check(spark, lake.write(tmp_path / "present"))) == [
        ("adverts", "removal_reason is one of sold, withdrawn", 1, 6, ("a6",))
    ]


def test_a_date_in_another_notation_is_a_wrong_type(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """A CSV with dates as people write them is refused, not read as nulls."""
    lake["adverts"].retype("listed_on", TEXT, *[f"{day}/06/2025" for day in range(11, 17)])
    snapshot = read_snapshot(spark, lake.write(tmp_path, kind="csv"), [ADVERTS])
    _, report = check_sources([ADVERTS], snapshot.frames, snapshot.day)
    assert [failure[:4] for failure in found(report)] == [("adverts", "listed_on is date", 6, 6)]


def test_a_reference_to_a_red_source_is_not_taken_for_green(
    spark: SparkSession, tmp_path: Path, lake: SmallLake
) -> None:
    """Where the table that is referred to cannot be read, the check fails and says so."""
    lake["geography"].drop("region")
    failed = [name for _, name, *_ in found(check(spark, lake.write(tmp_path)))]
    assert failed == ["columns are there", "outcode is in geography (geography is red)"]


@pytest.fixture(scope="module")
def shrunken(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What the report says of a snapshot with few and old adverts, and prices beyond reason."""
    root = tmp_path_factory.mktemp("shrunken")
    small_lake(adverts=12).write(root, day=DAY - timedelta(days=30))
    lake = small_lake(adverts=5)
    for number in range(5):
        lake["adverts"].spoil(number, listed_on=DAY - timedelta(days=60 + number), removed_on=None)
    lake["adverts"].spoil(3, price_gbp=2_000_000.0, mileage=-1.0)
    snapshot = read_snapshot(spark, lake.write(root), SPEC.sources)
    before = rows_before(spark, str(root), SPEC.sources, snapshot.day)
    typed, report = check_sources(SPEC.sources, snapshot.frames, snapshot.day, before)
    for frame in typed.values():
        frame.unpersist()
    return report


STALE: dict[str, tuple[str, str]] = {
    "price beyond reason": ("price_gbp is up to 1,000,000", "1 of 5 failed, such as a4"),
    "mileage below nothing": ("mileage is from 0 up to 1,000,000", "1 of 5 failed, such as a4"),
    "adverts that are all old": (
        "newest listed_on is within 31 days of the snapshot",
        "1 of 1 failed (found 2025-05-01)",
    ),
    "fewer than half the adverts": (
        "has 0.5 to 3 times the rows of the snapshot before",
        "1 of 1 failed (found 5, 12 rows on 2025-05-31)",
    ),
}


@pytest.mark.parametrize("case", STALE)
def test_what_is_allowed_but_not_plausible_is_found(shrunken: Report, case: str) -> None:
    """Ranges, freshness and volume fail with what was found."""
    check, said = STALE[case]
    assert f"adverts: {check}: {said}" in [str(failure) for failure in shrunken.failures]


def test_nothing_else_is_said_of_it(shrunken: Report) -> None:
    """The other tables have the rows that they had."""
    assert len(shrunken.failures) == len(STALE)


def test_a_first_snapshot_has_no_volume_to_keep(spark: SparkSession, tmp_path: Path, lake: SmallLake) -> None:
    """It passes, and the report says why."""
    root = lake.write(tmp_path)
    assert rows_before(spark, root, SPEC.sources, DAY) == {}
    snapshot = read_snapshot(spark, root, [TAXONOMY])
    _, report = check_sources([TAXONOMY], snapshot.frames, snapshot.day)
    notes = {result.check: result.note for result in report.results if result.note}
    assert notes == {"has 0.8 to 2 times the rows of the snapshot before": "no snapshot before this one"}


def test_a_check_that_cannot_be_carried_out_is_no_verdict(spark: SparkSession) -> None:
    """A check of a column that the source lacks stops with its name, neither green nor red."""
    source = Source("stock", ("id",), (SourceColumn("id", "string"),), (Within("price", 0, 9),))
    frame = spark.createDataFrame([("a",)], "id string")
    with pytest.raises(DataError, match="stock: 'price is from 0 up to 9' could not be checked"):
        check_sources([source], {"stock": frame}, DAY)


def test_a_value_outside_a_closed_set_is_found(spark: SparkSession) -> None:
    """OneOf counts what is none of its values."""
    source = Source(
        "stock",
        ("id",),
        (SourceColumn("id", "string"), SourceColumn("sold", "long")),
        (Unique(("id",)), OneOf("sold", (0, 1))),
    )
    frame = spark.createDataFrame([("a", 0), ("b", 1), ("c", 2)], "id string, sold long")
    _, report = check_sources([source], {"stock": frame}, DAY)
    assert report.failures == (CheckResult("stock", "sold is one of 0, 1", 3, 1, ("c",)),)


def test_the_training_frame_is_checked_too(spark: SparkSession) -> None:
    """What the model's own code made is not trusted: ids, outcome and required values are looked at."""
    required = [column for column in SPEC.columns if not column.nullable and column.name != "price_gbp"]
    names = ", ".join(f"'x' AS {column.name}" for column in required)
    frame = spark.sql(
        f"SELECT *, {names} FROM VALUES ('a', 3.0D, 1.0D, 9.0D), ('a', 0.0D, 1.0D, 9.0D), "  # noqa: S608
        "('b', 3.0D, 0.5D, 9.0D), ('c', 3.0D, 1.0D, CAST(null AS double)) "
        "AS rows(row_id, duration, observed, price_gbp)"
    )
    failures = found(check_training_frame(SPEC, frame))
    assert {failure[1]: (failure[2], failure[4]) for failure in failures} == {
        "duration is above zero": (1, ("a",)),
        "observed is 0 or 1": (1, ("b",)),
        "price_gbp is known": (1, ("c",)),
        "row_id is unique": (2, ("a",)),
    }


def test_an_empty_training_frame_is_red(spark: SparkSession, tmp_path: Path, lake: SmallLake) -> None:
    """Joins that leave nothing are a failure, not a training set of no rows."""
    columns = ", ".join(f"'x' AS {column.name}" for column in SPEC.columns)
    frame = spark.sql(f"SELECT 'a' AS row_id, 1.0D AS duration, 1.0D AS observed, {columns}").limit(0)
    assert [failure[1] for failure in found(check_training_frame(SPEC, frame))] == ["has rows"]
