"""The frame that random pipelines are fitted to, and the raw columns that their rows are made of."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.ml.linalg import Vectors, VectorUDT
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

Row = dict[str, Any]

TEXTS: Mapping[str, tuple[str | None, ...]] = {
    "make": ("audi", "audi", "audi", "bmw", "bmw", "Škoda", "日産", "e\u0301", None),
    "body": ("saloon", "saloon", "", " saloon", None),
    "fuel": ("petrol", "petrol", "diesel", "electric"),
}
# Centre and spread of each number; one never varies, one counts, one is a category, one is never below zero.
NUMBERS = ("a", "b", "c", "code", "same", "count")
VECTOR, WIDTH = "packed", 3
INPUTS = (*TEXTS, *NUMBERS, VECTOR)
# What there is to learn: days, 0 or 1, one of three, a number near a line, and the weight of a row.
LABELS = ("days", "sold", "kind", "near", "weight")


def schema(columns: Sequence[str]) -> StructType:
    """Give Spark's schema of some columns."""

    def kind(column: str) -> StringType | DoubleType | VectorUDT:
        return StringType() if column in TEXTS else VectorUDT() if column == VECTOR else DoubleType()

    return StructType([StructField(column, kind(column)) for column in columns])


def random_row(chance: random.Random) -> Row:
    """Draw a row like those that pipelines are fitted to."""
    row: Row = {column: chance.choice(values) for column, values in TEXTS.items()}
    row |= {"a": chance.gauss(0.0, 1.5), "b": chance.uniform(-2.0, 3.0), "c": chance.expovariate(0.5)}
    row |= {"code": float(chance.choice((0, 0, 1, 2, 3))), "same": 5.0, "count": float(chance.randrange(6))}
    return row | {
        VECTOR: [chance.gauss(1.0, 1.0), float(chance.randrange(3)), chance.choice((0.0, 0.0, 2.5))]
    }


def training_frame(spark: SparkSession, seed: int, size: int) -> DataFrame:
    """Make the frame of a pipeline; no number in it is missing, or few estimators would take it."""
    chance = random.Random(seed)  # noqa: S311 - data, not secrets
    rows = []
    for _ in range(size):
        row = random_row(chance)
        effect = 0.3 * row["a"] + 0.2 * (row["make"] == "audi") + 0.1 * row["code"] - 0.1 * row["c"]
        row |= {
            "days": chance.expovariate(1.0) * 2.0 ** (1.0 + effect) + 0.1,
            "sold": float(chance.random() < 0.4 + 0.2 * (effect > 0.0)),
            "kind": float((effect > 0.0) + (row["b"] > 1.0))
            if chance.random() < 0.8
            else chance.choice((0.0, 1.0, 2.0)),
            "near": 3.0 + 0.1 * effect + 0.1 * chance.random(),
            "weight": chance.uniform(0.5, 1.5),
        }
        rows.append(row)
    return to_frame(spark, rows, (*INPUTS, *LABELS)).coalesce(1).cache()


def to_frame(spark: SparkSession, rows: Sequence[Row], columns: Sequence[str], slices: int = 1) -> DataFrame:
    """Put rows into a frame, vectors as Spark has them."""
    values = [tuple(_dense(row[column]) for column in columns) for row in rows]
    frame = spark.createDataFrame(spark.sparkContext.parallelize(values, slices), schema(columns))
    # Assemblers want to know how wide a vector is, interactions what it holds.
    elements = [{"idx": place, "name": f"element{place}"} for place in range(WIDTH)]
    return frame.withMetadata(VECTOR, {"ml_attr": {"attrs": {"numeric": elements}, "num_attrs": WIDTH}})


def _dense(value: Any) -> Any:
    return Vectors.dense(value) if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """Take a vector of Spark's as a list, and a whole number for a number like any other."""
    if isinstance(value, int):
        return float(value)
    return value.toArray().tolist() if hasattr(value, "toArray") else value
