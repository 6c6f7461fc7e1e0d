"""What every training frame has in common."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import NumericType


def numbers_as_double(frame: DataFrame) -> DataFrame:
    """Cast every numeric column to double, the one type in which a number can be missing in any engine."""
    return frame.select(
        *[
            F.col(field.name).cast("double").alias(field.name)
            if isinstance(field.dataType, NumericType)
            else F.col(field.name)
            for field in frame.schema.fields
        ]
    )
