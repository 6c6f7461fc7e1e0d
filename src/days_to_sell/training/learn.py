"""What serving has to know of the training data: the request contract with its categories and examples."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.spec import ROW_ID, Column, Field, ModelSpec, RequestContract

CATEGORIES = 300


def learn_contract(spec: ModelSpec, frame: DataFrame) -> RequestContract:
    """Learn categories, most frequent first, and one example row from raw training columns."""
    complete = frame.dropna(subset=[column.name for column in spec.columns if not column.default_today])
    example = complete.orderBy(ROW_ID).limit(1).collect() or frame.orderBy(ROW_ID).limit(1).collect()
    fields = tuple(
        Field(column, _categories(column, frame), to_json(column, example[0][column.name]))
        for column in spec.columns
    )
    return RequestContract(spec.name, spec.title, spec.description, spec.horizon, fields)


def to_json(column: Column, value: Any) -> Any:
    """Write a value of a training frame as a request would carry it."""
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if column.type == "long" and value is not None else value


def _categories(column: Column, frame: DataFrame) -> tuple[str, ...]:
    if column.type != "string":
        return ()
    counted = frame.where(F.col(column.name).isNotNull()).groupBy(column.name).count()
    top = counted.orderBy(F.desc("count"), column.name).limit(CATEGORIES).collect()
    return tuple(row[column.name] for row in top)
