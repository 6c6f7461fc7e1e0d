"""A lake of the example's four sources, small enough to read: a few adverts of two cars in two places.

    lake = small_lake()
    lake["adverts"].rows[0]["price_gbp"] = 0.0
    lake.write(root)

A test spoils what it is about and writes the rest as it is.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

DAY = date(2025, 6, 30)
TEXT, WHOLE, REAL, DATE = pa.string(), pa.int64(), pa.float64(), pa.date32()


@dataclass
class Table:
    """One source: the types it is stored with, and its rows."""

    types: dict[str, pa.DataType]
    rows: list[dict[str, Any]]

    def spoil(self, row: int, **values: Any) -> None:
        """Change values of one row."""
        self.rows[row] |= values

    def drop(self, column: str) -> None:
        """Take a column away."""
        del self.types[column]
        for row in self.rows:
            del row[column]

    def retype(self, column: str, stored: pa.DataType, *values: Any) -> None:
        """Store a column with another type and, row by row, these values."""
        self.types[column] = stored
        for row, value in zip(self.rows, values, strict=True):
            row[column] = value


@dataclass
class SmallLake:
    """The four sources by name."""

    tables: dict[str, Table]

    def __getitem__(self, source: str) -> Table:
        return self.tables[source]

    def write(self, root: Path, *, day: date = DAY, kind: str = "parquet", files: int = 1) -> str:
        """Write every source as one snapshot, in a number of files, and give the root."""
        for source, table in self.tables.items():
            folder = root / source / f"snapshot_date={day}"
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(files):
                rows = table.rows[number::files]
                if kind == "csv":
                    _write_csv(folder / f"part-{number}.csv", table, rows)
                else:
                    content = pa.Table.from_pylist(rows, schema=pa.schema(table.types))
                    pq.write_table(content, folder / f"part-{number}.parquet")
        return str(root)


def small_lake(adverts: int = 6) -> SmallLake:
    """Make a sound lake: adverts a1, a2 and so on, every other one still listed at the snapshot."""
    listed = [
        {
            "advert_id": f"a{number}",
            "derivative_id": f"d{number % 2 + 1}",
            "seller_id": f"s{number % 3}",
            "seller_type": "independent",
            "outcode": ("BS1", "M1")[number % 2],
            "listed_on": DAY - timedelta(days=10 * number),
            "removed_on": DAY - timedelta(days=number) if number % 2 else None,
            "price_gbp": 5_000.0 + 100 * number,
            "mileage": 15_000.0,
            "registered_on": date(2019, 5, 1),
        }
        for number in range(1, adverts + 1)
    ]
    taxonomy = [
        {
            "derivative_id": name,
            "make": "Ford",
            "model": model,
            "derivative": f"{model} 1.0",
            "fuel_type": "Petrol",
            "transmission": "Manual",
            "body_type": None,
            "engine_cc": 998.0,
            "power_ps": 100.0,
        }
        for name, model in (("d1", "Fiesta"), ("d2", "Focus"))
    ]
    valuations = [
        {
            "derivative_id": name,
            "registration_year": 2019,
            "valued_on": date(2025, 1, 1),
            "mileage_band": "10-20k",
            "retail_gbp": 6_000.0,
        }
        for name in ("d1", "d2")
    ]
    geography = [
        {
            "outcode": outcode,
            "postcode_area": area,
            "region": region,
            "country": "England",
            "latitude": 52.0,
            "longitude": -2.0,
        }
        for outcode, area, region in (("BS1", "BS", "South West"), ("M1", "M", "North West"))
    ]
    dates = dict.fromkeys(("listed_on", "removed_on", "registered_on", "valued_on"), DATE)
    reals = ("price_gbp", "mileage", "engine_cc", "power_ps", "retail_gbp", "latitude", "longitude")
    types = dates | dict.fromkeys(reals, REAL) | {"registration_year": WHOLE}
    rows = {"adverts": listed, "taxonomy": taxonomy, "valuations": valuations, "geography": geography}
    return SmallLake(
        {
            source: Table({name: types.get(name, TEXT) for name in found[0]}, found)
            for source, found in rows.items()
        }
    )


def _write_csv(path: Path, table: Table, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table.types))
        writer.writeheader()
        writer.writerows(rows)
