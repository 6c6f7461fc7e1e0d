"""The dealer's stock list as a lake of one source."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

from days_to_sell.errors import DataError
from days_to_sell.models.snapshots import new_snapshot

NOMINAL_SNAPSHOT = date(2025, 1, 1)
"""The list states no date; this one names the snapshot and enters nothing."""

DEFAULT_DATA = Path("../shared/data/dealer_stock.csv")
"""Beside the project, never in it: the list is others' data."""

COLUMNS = (
    "stock_id",
    "is_sold",
    "weeks_in_stock",
    "price_eur",
    "age_years",
    "mileage_km",
    "power_kw",
    "make",
    "model",
    "fuel_type",
    "body_type",
    "transmission",
    "colour",
    "doors",
    "equipment_count",
)

ORIGIN = (
    "It is made from carsdata.csv of the public GitHub repository "
    "machinely79/predicting-used-car-stock-retention (MIT licence), "
    f"as a CSV file with the columns {', '.join(COLUMNS)}; name it with DATA=PATH"
)


def write_example_lake(
    root: Path,
    *,
    data: Path | None = None,
    adverts: int = 20_000,
    seed: int = 20,
    snapshot: date | None = None,
) -> date:
    """Bring the stock list into a lake as it is, as one snapshot of the source ``stock``.

    Args:
        root: Folder of the lake; a snapshot of the same date in it is replaced.
        data: The stock list, a CSV file; ``DEFAULT_DATA`` unless given.
        adverts: Not read: the list has the rows it has.
        seed: Not read: nothing is drawn.
        snapshot: Date that names the snapshot; a nominal one unless given.

    Returns:
        Date of the snapshot.

    Raises:
        DataError: The file is missing or is another one; the message says where it comes from.
    """
    data = DEFAULT_DATA if data is None else data
    if not data.is_file():
        raise DataError(f"the dealer's stock list is not at {data}. {ORIGIN}")
    with data.open(encoding="utf-8", newline="") as stock:
        header = next(csv.reader(stock), [])
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise DataError(f"{data} is no stock list: it lacks {', '.join(missing)}. {ORIGIN}")
    day = NOMINAL_SNAPSHOT if snapshot is None else snapshot
    with new_snapshot(root, "stock", day) as folder:
        shutil.copyfile(data, folder / "part-0.csv")
    return day
