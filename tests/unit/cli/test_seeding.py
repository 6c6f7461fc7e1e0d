"""A difference made on purpose is one value, in the copy of a lake."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from days_to_sell.cli.equivalence.seeding import copy_with_difference
from days_to_sell.errors import DataError
from days_to_sell.models import find_model
from days_to_sell.models.snapshots import new_snapshot

SPEC = find_model("days_to_sell").spec
COLUMNS = {
    "advert_id": pa.array(["a", "b", "c"]),
    "price_gbp": pa.array([100, 200, 300], pa.int32()),
    "listed_on": pa.array([date(2025, 1, 1)] * 3),
}


def lake_of(root: Path) -> Path:
    """A lake with one source, whose folder is named by its snapshot."""
    with new_snapshot(root, "adverts", date(2025, 6, 30)) as folder:
        pq.write_table(pa.table(COLUMNS), folder / "part-0.parquet")
    return root


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Training rows that one of the three adverts gave."""
    folder = tmp_path / "rows"
    folder.mkdir()
    pq.write_table(pa.table({"row_id": ["b", "of another lake"]}), folder / "part-0.parquet")
    return folder


def rows_of(lake: Path) -> pa.Table:
    """The rows of its one file."""
    (file,) = lake.glob("adverts/*/*.parquet")
    return pq.read_table(file, partitioning=None)


def test_one_value_differs_and_the_lake_itself_does_not(tmp_path: Path, trained: Path) -> None:
    """The copy has 1 more in the price of a row that training sees, in the same types; it is said where."""
    lake, copy = lake_of(tmp_path / "lake"), tmp_path / "copy"
    before = rows_of(lake)

    said = copy_with_difference(lake, copy, SPEC, trained)

    assert said == "adverts b: price_gbp is 201 in place of 200 in the notebook's lake"
    assert rows_of(lake) == before
    assert rows_of(copy).schema == before.schema
    assert rows_of(copy).to_pydict() == before.to_pydict() | {"price_gbp": [100, 201, 300]}


def test_an_earlier_copy_does_not_add_up(tmp_path: Path, trained: Path) -> None:
    """Seeding again starts from the lake, so that there is one difference, not two."""
    lake, copy = lake_of(tmp_path / "lake"), tmp_path / "copy"

    first = copy_with_difference(lake, copy, SPEC, trained)

    assert copy_with_difference(lake, copy, SPEC, trained) == first


def test_a_lake_without_such_a_row_is_refused(tmp_path: Path, trained: Path) -> None:
    """Nothing would be changed in it, so nothing would be proved."""
    (tmp_path / "lake").mkdir()

    with pytest.raises(DataError, match="no Parquet file of adverts with a row of"):
        copy_with_difference(tmp_path / "lake", tmp_path / "copy", SPEC, trained)
