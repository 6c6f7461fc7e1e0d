"""The ``python_function`` flavour of MLeap models: frames in, predictions out, without Spark or a JVM."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.exceptions import MlflowException

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring import Bundle
from days_to_sell.scoring.predictor import Predictor, Refusal

# More reasons than these make an error nobody reads.
SHOWN = 5

Row = Mapping[str, Any]


class BundleModel:
    """Scores frames of a bundle's input columns.

    Args:
        bundle: The bundle.
        output_columns: The column to predict, or a list of them.

    Raises:
        MlflowException: The pipeline does not write one of them.
    """

    def __init__(self, bundle: Bundle, output_columns: str | Sequence[str]) -> None:
        self.output_columns = output_columns
        self._columns = [output_columns] if isinstance(output_columns, str) else list(output_columns)
        try:
            self._bundle = bundle.select(self._columns)
        except BundleError as error:
            raise MlflowException.invalid_parameter_value(f"output_columns: {error}") from error
        self._kind = self._bundle.outputs[self._columns[0]].name
        self._numbers = [each for each in self._columns if self._bundle.outputs[each].name == "number"]

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> npt.NDArray[Any] | pd.DataFrame:
        """Predict each row.

        Args:
            data: Model input data: a frame, or records, with the bundle's input columns; others are left out.
            params: Not used; there are none.

        Returns:
            Model predictions: an array where ``output_columns`` is one name, of which MLflow's server makes a
            plain list, and a frame with the index of ``data`` where it is a list of names.

        Raises:
            MlflowException: A row lacks a column, is refused or dropped by the pipeline, or has no finite
                prediction; names rows and reasons.
        """
        frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
        rows = read_rows(frame[[column for column in self._bundle.inputs if column in frame]])
        answers = [self._checked(answer) for answer in self._bundle.transform_each(rows)]
        refuse_rows({i: answer for i, answer in enumerate(answers) if isinstance(answer, str)}, len(rows))
        answered = [answer for answer in answers if not isinstance(answer, str)]
        if isinstance(self.output_columns, str):
            values = [answer[self.output_columns] for answer in answered]
            return np.array(values, dtype=object if self._kind == "string" else float)
        found = {column: [answer[column] for answer in answered] for column in self._columns}
        return pd.DataFrame(found, index=frame.index)

    def _checked(self, answer: Row | ScoringError | None) -> Row | str:
        """Give the answer as floats, or the reason why there is none."""
        if isinstance(answer, ScoringError):
            return str(answer)
        if answer is None:
            return "the pipeline drops it (handleInvalid='skip'); send only what it was fitted to"
        numbers = {column: float(answer[column]) for column in self._numbers}
        endless = [column for column, value in numbers.items() if not math.isfinite(value)]
        if endless:
            return (
                f"{endless[0]} is {numbers[endless[0]]}; send no missing value where the pipeline needs one"
            )
        return {**answer, **numbers}


class PackageModel:
    """Scores frames of raw columns with a model package.

    Args:
        predictor: The predictor of the package.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> npt.NDArray[np.float64]:
        """Predict days for each row.

        Args:
            data: Raw columns by the signature.
            params: Not used; there are none.

        Raises:
            MlflowException: A row breaks the contract or has no finite answer; names rows and fields.
        """
        frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
        rows = read_rows(frame)
        answers = self._predictor.predict(rows)
        refuse_rows({i: str(each) for i, each in enumerate(answers) if isinstance(each, Refusal)}, len(rows))
        return np.array([answer for answer in answers if not isinstance(answer, Refusal)], dtype=float)


def read_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn a frame into rows of plain Python values: what is missing is None, arrays are lists."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    arrays = {
        column
        for column in frame
        if frame[column].dtype == object and any(hasattr(value, "tolist") for value in frame[column])
    }
    for row in rows if arrays else ():
        row.update({column: row[column].tolist() for column in arrays if hasattr(row[column], "tolist")})
    return rows


def refuse_rows(reasons: Mapping[int, str], count: int) -> None:
    """Raise if any row has no answer, since answers and rows pair up.

    Args:
        reasons: Position of each such row, counted from 0, to its reason.
        count: Number of all rows.

    Raises:
        MlflowException: There are some; it names the first of them.
    """
    if reasons:
        lines = "; ".join(f"row {position}: {reason}" for position, reason in list(reasons.items())[:SHOWN])
        raise MlflowException.invalid_parameter_value(
            f"{len(reasons)} of {count} rows have no answer: {lines}"
        )
