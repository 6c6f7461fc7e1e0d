"""Training data: named by what it is made of, found again, and never taken half-written."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.data.code import code_commit
from days_to_sell.data.places import Places
from days_to_sell.data.report import Report
from days_to_sell.data.training_set import TrainingSet, build_training_set, fingerprint
from days_to_sell.errors import DataError, IntegrityError
from days_to_sell.models import Model, find_model
from tests.lakes import DAY, small_lake


@dataclass(frozen=True)
class Built:
    """A lake, the folder of its training sets, and what was built."""

    lake: str
    target: Path
    training_set: TrainingSet
    reports: tuple[Report, ...]


@pytest.fixture(scope="module")
def model() -> Model:
    """The example's model."""
    return find_model("days_to_sell")


@pytest.fixture(scope="module")
def built(spark: SparkSession, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The training set of the sound lake."""
    root = tmp_path_factory.mktemp("built")
    lake = small_lake().write(root / "lake")
    reports: list[Report] = []
    built = build_training_set(
        spark,
        model,
        lake=lake,
        target=str(root / "sets"),
        report=lambda line: None,
        keep_report=reports.append,
    )
    return Built(lake, root / "sets", built, tuple(reports))


def again(
    spark: SparkSession, model: Model, built: Built, lake: str | None = None
) -> tuple[TrainingSet, str]:
    """Build once more and give what was said along the way."""
    said: list[str] = []
    second = build_training_set(
        spark, model, lake=lake or built.lake, target=str(built.target), report=said.append
    )
    return second, "\n".join(said)


def test_the_manifest_says_what_the_training_set_is(model: Model, built: Built) -> None:
    """Model, lake, day, fingerprint and rows of each source, the code, rows and how many are censored."""
    manifest = built.training_set.manifest
    assert (manifest.model, manifest.lake, manifest.snapshot) == ("days-to-sell", built.lake, DAY.isoformat())
    assert set(manifest.inputs) == {source.name for source in model.spec.sources}
    assert manifest.input_rows == {"adverts": 6, "taxonomy": 2, "valuations": 2, "geography": 2}
    assert manifest.code_commit == code_commit()
    assert re.fullmatch("[0-9a-f]{64}", manifest.code_digest)
    assert (manifest.rows, manifest.censored) == (6, 0.5)
    assert manifest.digest == fingerprint(built.training_set.frame)
    written = json.loads(Path(built.training_set.path, "manifest.json").read_text(encoding="utf-8"))
    assert written == asdict(manifest)


def test_the_rows_are_typed_by_the_spec(built: Built) -> None:
    """Row id, raw columns, outcome, and the columns to split by; numbers are doubles."""
    assert built.training_set.frame.dtypes == [
        ("row_id", "string"),
        ("price_gbp", "double"),
        ("valuation_gbp", "double"),
        ("registered_on", "date"),
        ("outcode", "string"),
        ("as_of", "date"),
        ("mileage", "double"),
        ("make", "string"),
        ("model", "string"),
        ("fuel_type", "string"),
        ("transmission", "string"),
        ("seller_type", "string"),
        ("duration", "double"),
        ("observed", "double"),
        ("seller_id", "string"),
        ("listed_on", "date"),
    ]
    rows = {row["row_id"]: row for row in built.training_set.frame.collect()}
    assert (rows["a1"]["duration"], rows["a1"]["observed"]) == (9.0, 1.0)
    assert (rows["a2"]["duration"], rows["a2"]["observed"]) == (20.0, 0.0)
    assert {row["valuation_gbp"] for row in rows.values()} == {6_000.0}


def test_the_tables_of_lookups_travel_with_it(built: Built) -> None:
    """The looked-up column has its whole table, not only what the adverts name."""
    assert built.training_set.tables == {"region": {"BS1": "South West", "M1": "North West"}}


def test_the_places_of_the_map_lie_beside_it(built: Built) -> None:
    """Each outcode has its area, and each area the middle of its outcodes."""
    places = built.training_set.places
    assert places == Places({"BS1": "BS", "M1": "M"}, {"BS": (52.0, -2.0), "M": (52.0, -2.0)})


def test_the_report_is_handed_over_and_kept_beside_the_rows(built: Built) -> None:
    """The integrity report is given once, green, and lies there as a table and as JSON."""
    assert built.reports == (built.training_set.report,)
    assert built.training_set.report.green
    folder = Path(built.training_set.path)
    assert (folder / "integrity.txt").read_text(encoding="utf-8") == built.training_set.report.to_table()
    assert (folder / "integrity.json").read_text(encoding="utf-8") == built.training_set.report.to_json()


def test_the_same_lake_is_found_again(
    spark: SparkSession, model: Model, built: Built, tmp_path: Path
) -> None:
    """The same rows in other files of another lake have the same name, and no row is written twice."""
    rows = Path(built.training_set.path, "rows")
    before = {file.name: file.stat().st_mtime_ns for file in rows.iterdir()}
    second, said = again(spark, model, built, small_lake().write(tmp_path / "copy", files=2))
    assert second.path == built.training_set.path
    assert f"is there already: {second.path}" in said
    assert (second.manifest, second.report) == (built.training_set.manifest, built.training_set.report)
    assert {file.name: file.stat().st_mtime_ns for file in rows.iterdir()} == before


def test_an_interrupted_one_is_built_anew(
    spark: SparkSession, model: Model, built: Built, tmp_path: Path
) -> None:
    """Without a manifest the rows are nobody's word: they are written again, and come out the same."""
    target = tmp_path / "sets"
    shutil.copytree(built.target, target)
    folder = target / Path(built.training_set.path).relative_to(built.target)
    (folder / "manifest.json").unlink()
    for part in (folder / "rows").iterdir():
        part.unlink()
    second, said = again(spark, model, replace(built, target=target))
    assert "already" not in said
    assert second.path == str(folder)
    assert second.manifest == built.training_set.manifest
    assert fingerprint(second.frame) == second.manifest.digest


def test_another_value_makes_another_name(
    spark: SparkSession, model: Model, built: Built, tmp_path: Path
) -> None:
    """One price that differs is another training set beside the first."""
    lake = small_lake()
    lake["adverts"].spoil(0, price_gbp=5_101.0)
    second, _ = again(spark, model, built, lake.write(tmp_path))
    assert second.path != built.training_set.path
    assert second.manifest.digest != built.training_set.manifest.digest
    assert second.manifest.inputs["taxonomy"] == built.training_set.manifest.inputs["taxonomy"]
    assert Path(built.training_set.path, "manifest.json").is_file()


def test_other_code_makes_another_name(
    spark: SparkSession, model: Model, built: Built, tmp_path: Path
) -> None:
    """A training set is also named by the code that makes it: an edited feature never meets old rows."""
    edited = tmp_path / "training_data.py"
    edited.write_text("# edited\n", encoding="utf-8")
    second, said = again(spark, replace(model, code=(*model.code, edited)), built)
    assert "already" not in said
    assert second.path != built.training_set.path
    assert second.manifest.code_digest != built.training_set.manifest.code_digest
    assert second.manifest.digest == built.training_set.manifest.digest


def test_a_lake_named_from_where_one_stands_is_recorded_for_a_reader_elsewhere(
    spark: SparkSession, model: Model, tmp_path: Path
) -> None:
    """A path relative to the folder of the run would lead nowhere later."""
    small_lake().write(tmp_path / "lake")
    relative = os.path.relpath(tmp_path / "lake")
    built = build_training_set(
        spark, model, lake=relative, target=str(tmp_path / "sets"), report=lambda line: None
    )
    assert built.manifest.lake == str(tmp_path / "lake")


def test_bad_data_leaves_no_training_set(spark: SparkSession, model: Model, tmp_path: Path) -> None:
    """A red report is handed over before it halts, and nothing is written."""
    lake = small_lake()
    lake["adverts"].spoil(0, price_gbp=0.0)
    reports: list[Report] = []
    with pytest.raises(IntegrityError, match="adverts: price_gbp is above zero: 1 of 6 failed, such as a1"):
        build_training_set(
            spark,
            model,
            lake=lake.write(tmp_path / "lake"),
            target=str(tmp_path / "sets"),
            report=lambda line: None,
            keep_report=reports.append,
        )
    assert [report.green for report in reports] == [False]
    assert not (tmp_path / "sets").exists()


def test_a_hole_that_the_join_leaves_is_red(spark: SparkSession, model: Model, tmp_path: Path) -> None:
    """A car that had no valuation when it was listed is found in the training data, which has no manifest."""
    lake = small_lake()
    lake["valuations"].spoil(0, valued_on=DAY)
    with pytest.raises(IntegrityError, match="training data: valuation_gbp is known: 3 of 6 failed"):
        build_training_set(
            spark, model, lake=lake.write(tmp_path / "lake"), target=str(tmp_path / "sets"), report=print
        )
    assert list((tmp_path / "sets").rglob("manifest.json")) == []


def test_a_model_that_forgets_a_column_is_told_which(
    spark: SparkSession, model: Model, tmp_path: Path
) -> None:
    """A training_frame without a declared column is refused by the column's name."""

    def without_make(sources: dict[str, DataFrame], snapshot: date) -> DataFrame:
        return model.training_frame(sources, snapshot).drop("make", "seller_id")

    with pytest.raises(DataError, match="training_frame of 'days-to-sell' gives no make, seller_id; it has"):
        build_training_set(
            spark,
            replace(model, training_frame=without_make),
            lake=small_lake().write(tmp_path / "lake"),
            target=str(tmp_path / "sets"),
            report=lambda line: None,
        )


def test_a_fingerprint_knows_rows_and_not_their_order(spark: SparkSession) -> None:
    """Order, partitions and the order of columns do not matter."""
    rows = [(n, float(n), f"car {n}" if n % 3 else None) for n in range(20)]
    names = ["id", "price", "name"]
    frame = spark.createDataFrame(rows, names)
    shuffled = spark.createDataFrame(list(reversed(rows)), names).repartition(3).select("name", "id", "price")
    assert fingerprint(shuffled) == fingerprint(frame)


@pytest.mark.parametrize(
    "other",
    [
        [(1, 2, None), (3, 4, 7)],
        [(1, 2, None), (4, 3, 6)],
        [(1, 2, None)],
        [(1, 2, None), (3, 4, 6), (3, 4, 6)],
        [(1, None, 2), (3, 4, 6)],
        [(1, 2, 0), (3, 4, 6)],
    ],
)
def test_a_fingerprint_knows_every_value(spark: SparkSession, other: list[tuple[int | None, ...]]) -> None:
    """One value, one row, two values exchanged, or a null in another column: each is other content."""
    schema = "a long, b long, c long"
    frame = spark.createDataFrame([(1, 2, None), (3, 4, 6)], schema)
    assert fingerprint(spark.createDataFrame(other, schema)) != fingerprint(frame)


def test_a_fingerprint_knows_the_names_of_columns(spark: SparkSession) -> None:
    """The same numbers under other names are other content."""
    assert fingerprint(spark.createDataFrame([(1, 2)], "a long, b long")) != fingerprint(
        spark.createDataFrame([(1, 2)], "a long, c long")
    )
