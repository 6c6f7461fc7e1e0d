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
from days_to_sell.training.session import start_session


@dataclass(frozen=True)
class Lake:
    """A written lake and the date of its snapshot."""

    root: Path
    snapshot: date

    def read(self, source: str) -> pd.DataFrame:
        """Read a source as written, with dates as dates."""
        return pd.read_parquet(self.root / source / f"snapshot_date={self.snapshot}")


@pytest.fixture(scope="session")
def example_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The example lake as the demo writes it."""
    root = tmp_path_factory.mktemp("lake")
    return Lake(root, write_example_lake(root))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """The session that the library itself starts."""
    return start_session("unit tests", master="local[2]")
