"""Golden data: raw rows answered by Spark itself, some sampled, the rest standing on edges."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from math import isfinite
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.ml.linalg import Vector
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.data.training_set import RAW_TYPES
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.spec import PREDICTION, ROW_ID, UNBOUNDED, Column, ModelSpec
from days_to_sell.training.learn import to_json
from days_to_sell.training.preparing.derive import derive, is_complete

SAMPLED = 60
STRANGE_TEXTS = {"unseen": "no such value", "empty": "", "non-ASCII": "Citroën Škoda 東風"}
Raw = dict[str, Any]


def build_golden(
    spec: ModelSpec, model: PipelineModel, frame: DataFrame, tables: Mapping[str, Mapping[str, str]]
) -> tuple[GoldenRow, ...]:
    """Choose raw rows and let Spark answer them.

    A date that would default to today always stands in the row, so that time never changes an answer. A row
    to which Spark has no finite answer is no golden row: such a row is an error wherever it is scored. What
    Spark wrote on the way stands beside the answer, so that who answers otherwise can be told at which stage.

    Args:
        spec: The model.
        model: The fitted pipeline, from derived columns to ``days``.
        frame: Raw training columns with ``row_id``, to sample from.
        tables: Looked-up column to its table.
    """
    names = [column.name for column in spec.columns]
    sampled = frame.orderBy(F.xxhash64(ROW_ID), ROW_ID).limit(SAMPLED).select(ROW_ID, *names).collect()
    rows = [(f"sample-{row[ROW_ID]}", "sample", {name: row[name] for name in names}) for row in sampled]
    rows += [(f"edge-{number}", kind, raw) for number, (kind, raw) in enumerate(_edges(spec, rows[0][2]))]
    schema = ", ".join(f"`{column.name}` {RAW_TYPES[column.type]}" for column in spec.columns)
    inputs = frame.sparkSession.createDataFrame(
        [(row_id, *(raw[name] for name in names)) for row_id, _, raw in rows], f"{ROW_ID} string, {schema}"
    )
    scored = model.transform(derive(inputs, spec, tables).where(is_complete(spec)))
    answers = {row[ROW_ID]: row.asDict() for row in scored.drop(*names).collect() if isfinite(row[UNBOUNDED])}
    return tuple(
        GoldenRow(
            row_id,
            kind,
            {column.name: to_json(column, raw[column.name]) for column in spec.columns},
            answers[row_id][PREDICTION],
            {name: _plain(value) for name, value in answers[row_id].items() if name != ROW_ID},
        )
        for row_id, kind, raw in rows
        if row_id in answers
    )


def _plain(value: Any) -> Any:
    """Take a vector as a list."""
    return value.toArray().tolist() if isinstance(value, Vector) else value


def _edges(spec: ModelSpec, usual: Raw) -> Iterator[tuple[str, Raw]]:
    """Vary a usual row one column at a time, to every value at which engines are known to differ."""
    for column in spec.columns:
        for kind, value in _edge_values(column):
            yield f"{column.name}: {kind}", {**usual, column.name: value}
    for bucketed in spec.buckets:
        if bucketed.derive is None:
            for split in bucketed.splits:
                yield f"{bucketed.name}: on a boundary", {**usual, bucketed.name: float(split)}
                below = math.nextafter(split, -math.inf)
                yield f"{bucketed.name}: one ulp below", {**usual, bucketed.name: below}
    nothing = {column.name: None for column in spec.columns if column.nullable}
    yield "every optional column missing", {**usual, **nothing}


def _edge_values(column: Column) -> Iterator[tuple[str, Any]]:
    if column.nullable:
        yield "missing", None
    if column.type == "string":
        yield from STRANGE_TEXTS.items()
    elif column.type == "date":
        yield "leap day", date(2024, 2, 29)
        yield "end of a long month", date(2023, 12, 31)
    else:
        yield from (
            (kind, float(bound))
            for kind, bound in (("minimum", column.minimum), ("maximum", column.maximum))
            if bound is not None
        )
