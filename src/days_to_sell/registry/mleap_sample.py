"""What Spark answers to a few rows: the proof of a bundle, and where its signature and example come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.errors import ExportError, ScoringError
from days_to_sell.registry.exportable import stages_of
from days_to_sell.scoring import Bundle
from days_to_sell.scoring.agreement import TOLERANCE, distance
from days_to_sell.scoring.python import PythonBundle
from days_to_sell.scoring.trace import explain

ROWS, EXAMPLES = 100, 5

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """Rows with Spark's own answers.

    Args:
        rows: What the pipeline read of each row.
        answers: What Spark wrote for it.
        types: Column that was read to Spark's name of its type.
    """

    rows: tuple[Row, ...]
    answers: tuple[Row, ...]
    types: Mapping[str, str]

    @property
    def missing(self) -> frozenset[str]:
        """The columns of which a value is missing."""
        return frozenset(column for column in self.types if any(row[column] is None for row in self.rows))

    @property
    def example(self) -> pd.DataFrame:
        """A few of the rows: of whole ones, if there are any, for JSON has no NaN."""
        whole = [row for row in self.rows if None not in row.values()]
        return pd.DataFrame((whole or self.rows)[:EXAMPLES])


def take_sample(model: PipelineModel, sample_input: DataFrame, bundle: Bundle) -> Sample:
    """Let Spark answer the first rows of a frame; what it drops is left out.

    Raises:
        MlflowException: Spark cannot transform them, or answers none.
    """
    try:
        transformed = model.transform(sample_input.limit(ROWS))
        read, written = ([F.col(f"`{name}`") for name in names] for names in (bundle.inputs, bundle.outputs))
        found = [row.asDict() for row in transformed.select(*read, *written).collect()]
    except (PySparkException, Py4JJavaError) as error:
        said = next(iter(str(error).splitlines()), "")
        raise MlflowException.invalid_parameter_value(
            f"the pipeline does not transform sample_input: {said}"
        ) from error
    if not found:
        raise MlflowException.invalid_parameter_value(
            f"the pipeline answers none of the first {ROWS} rows of sample_input; give some that it does"
        )
    types = dict(transformed.dtypes)
    return Sample(
        rows=tuple({name: _plain(row[name]) for name in bundle.inputs} for row in found),
        answers=tuple({name: _comparable(row[name]) for name in bundle.outputs} for row in found),
        types={name: types[name] for name in bundle.inputs},
    )


def prove(bundle: Bundle, sample: Sample) -> None:
    """Hold what the bundle answers against what Spark does, for each row in which nothing is missing.

    Raises:
        ExportError: They differ; names the first row, and the first stage in it.
    """
    whole = [place for place, row in enumerate(sample.rows) if None not in row.values()]
    found = bundle.transform_each([sample.rows[place] for place in whole])
    answered = zip(whole, found, strict=True)
    wrong = [place for place, answer in answered if not _agree(answer, sample.answers[place])]
    if wrong:
        row, answer = sample.rows[wrong[0]], sample.answers[wrong[0]]
        first = explain(bundle, row, answer) if isinstance(bundle, PythonBundle) else row
        raise ExportError(
            f"the bundle does not answer as Spark does on {len(wrong)} of {len(whole)} rows of sample_input, "
            f"so nothing was saved; first on row {wrong[0]}, at {first}"
        )


def default_output(model: PipelineModel, bundle: Bundle) -> str:
    """Name what the last stage writes: its prediction, or its last column where it predicts nothing."""
    last: Any = model
    while isinstance(last, PipelineModel) or hasattr(last, "bestModel"):
        last = stages_of(last)[-1] if isinstance(last, PipelineModel) else last.bestModel
    column = last.getOrDefault("predictionCol") if last.hasParam("predictionCol") else ""
    return column if column in bundle.outputs else list(bundle.outputs)[-1]


def _agree(answer: Row | ScoringError | None, expected: Row) -> bool:
    if not isinstance(answer, Mapping):
        return False
    return all(distance(_comparable(answer[name]), value) <= TOLERANCE for name, value in expected.items())


def _plain(value: Any) -> Any:
    """A value of Spark as MLflow can write it: vectors as lists, decimals as floats."""
    if hasattr(value, "toArray"):
        return value.toArray().tolist()
    if hasattr(value, "as_tuple"):
        return float(value)
    return value


def _comparable(value: Any) -> Any:
    plain = _plain(value)
    return float(plain) if isinstance(plain, int) and not isinstance(plain, bool) else plain
