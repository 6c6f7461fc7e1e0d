"""The proof that what is held out is held out: no group stands in two folds."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.errors import IntegrityError
from days_to_sell.spec import ModelSpec
from days_to_sell.training.preparing.folds import Folds

SAMPLES = 5


def require_whole_groups(spec: ModelSpec, folds: Folds) -> None:
    """Refuse folds that share a seller, or whatever else the spec names as group.

    Raises:
        IntegrityError: A value of the group column stands in two folds; the message names some.
    """
    if spec.group is None:
        return
    placed = [
        frame.select(F.col(spec.group), F.lit(name).alias("fold")) for name, frame in folds.by_name.items()
    ]
    shared = (
        reduce(DataFrame.unionByName, placed)
        .groupBy(spec.group)
        .agg(F.array_sort(F.collect_set("fold")).alias("folds"))
        .where(F.size("folds") > 1)
    )
    found = shared.orderBy(spec.group).limit(SAMPLES).collect()
    if found:
        named = ", ".join(f"{row[spec.group]} ({' and '.join(row['folds'])})" for row in found)
        raise IntegrityError(
            f"{spec.group} stands in two folds (leak): {shared.count()} values, such as {named}; "
            "the test would ask what the fit has seen. Split whole groups; nothing was fitted."
        )
