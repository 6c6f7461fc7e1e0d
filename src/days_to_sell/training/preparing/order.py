"""Rows kept in memory, in an order and in partitions that no cluster changes."""

from __future__ import annotations

from pyspark.sql import DataFrame

from days_to_sell.data.shared import runs_here
from days_to_sell.spec import ROW_ID, ModelSpec


def in_order(frame: DataFrame, spec: ModelSpec) -> DataFrame:
    """Fix partitions and row order, on which Spark's trees depend, and keep them."""
    return keep(frame.repartition(spec.partitions, ROW_ID).sortWithinPartitions(ROW_ID))


def keep(frame: DataFrame) -> DataFrame:
    """Keep the rows of a frame in memory from their first use on.

    A cached frame still carries how it was made, and every task of an estimator's many passes unpacks that
    anew. A local checkpoint forgets it, which is safe where executors live and die with the driver.
    """
    if runs_here(frame.sparkSession):
        return frame.localCheckpoint(eager=False)
    return frame.cache()
