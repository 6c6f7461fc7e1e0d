"""An example lake as pandas frames, and one Spark session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from days_to_sell.models.days_to_sell.example import write_example_lake
from days_to_sell.training.spark.session import start_session


@dataclass(frozen=True)
class Lake:
    """A written lake and the date of its snapshot."""

    root: Path
    snapshot: date

    def read(self, source: str) -> pd.DataFrame:
        """Read a source as written, with dates as dates."""
        return pd.read_parquet(self.root / source / f"snapshot_date={self.snapshot}")


def spells_of(lake: Lake) -> pd.DataFrame:
    """Work the spells of the example out in pandas: it never lists a car again after more than 14 days."""
    adverts = lake.read("adverts").sort_values(["vehicle_id", "listed_on"])
    removed = pd.to_datetime(adverts["removed_on"]).fillna(pd.Timestamp(lake.snapshot))
    adverts["days"] = (removed - pd.to_datetime(adverts["listed_on"])).dt.days
    cars = adverts.groupby("vehicle_id", sort=False)
    spells = cars[["seller_type", "seller_id", "listed_on"]].first()
    spells["row_id"] = cars["advert_id"].first()
    spells["adverts"] = cars.size()
    spells["duration"] = cars["days"].sum().clip(lower=0.5)
    ended = adverts.groupby("vehicle_id", sort=False).nth(-1).set_index("vehicle_id")
    spells["observed"] = (ended["removal_reason"] == "sold").astype(float)
    spells["withdrawn"] = ended["removal_reason"] == "withdrawn"
    return spells.reset_index()


@pytest.fixture(scope="session")
def example_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The example lake as the demo writes it."""
    root = tmp_path_factory.mktemp("lake")
    return Lake(root, write_example_lake(root))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """The session that the library itself starts."""
    return start_session("unit tests", master="local[2]")
