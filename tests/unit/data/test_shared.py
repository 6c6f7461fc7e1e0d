"""Places that executors and this process share."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from days_to_sell.data.shared import is_elsewhere, require_shared, scratch_beside


def test_on_one_machine_every_path_is_shared(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is tried, nothing is written, and pipelines need no detour."""
    monkeypatch.delenv("MLFLOW_DFS_TMP", raising=False)
    assert not is_elsewhere(spark, str(tmp_path))
    require_shared(spark, str(tmp_path / "sets"))
    assert scratch_beside(spark, str(tmp_path / "sets")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_was_named_is_taken(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's own setting goes before whatever is chosen here."""
    monkeypatch.setenv("MLFLOW_DFS_TMP", "hdfs://cluster/scratch")
    assert scratch_beside(spark, "s3a://lake/sets") == "hdfs://cluster/scratch"
