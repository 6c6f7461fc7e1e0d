"""The checks of the training frame: what the model's own code made of the sources is not trusted either."""

from __future__ import annotations

import great_expectations.expectations as gxe
from pyspark.sql import DataFrame

from days_to_sell.data.integrity.carried_out import KEY, Inspector, key_of
from days_to_sell.data.integrity.declared import Expected, has_rows, is_above_zero, is_known, is_unique
from days_to_sell.data.report import TRAINING_DATA, Report
from days_to_sell.spec import DURATION, OBSERVED, ROW_ID, ModelSpec


def check_training_frame(spec: ModelSpec, frame: DataFrame) -> Report:
    """Check ids, outcome, and required values of a training frame.

    Args:
        spec: The model.
        frame: Its training frame.
    """
    outcome = gxe.ExpectColumnValuesToBeInSet(column=OBSERVED, value_set=[0.0, 1.0])
    required = [DURATION, OBSERVED, *[column.name for column in spec.columns if not column.nullable]]
    checks = [
        has_rows(),
        is_above_zero(DURATION),
        Expected("observed is 0 or 1", outcome),
        *[is_known(name) for name in required],
        is_unique((ROW_ID,)),
    ]
    keyed = frame.withColumn(KEY, key_of((ROW_ID,)))
    return Report(tuple(Inspector().inspect(TRAINING_DATA, keyed, checks)))
