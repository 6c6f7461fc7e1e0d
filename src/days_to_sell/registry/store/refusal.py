"""A refused change of Production, as MLflow answers it: 409, with reasons that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_CONFLICT


class Refusal(MlflowException):
    """A change of Production that is refused.

    Args:
        what: The change, such as ``version 3 of 'days-to-sell' may not go to Production``.
        reasons: Why, each with its remedy.
        version: Version that was to change.
        then: What to do next, if there is one thing.
    """

    def __init__(self, what: str, reasons: Sequence[str], *, version: str = "", then: str = "") -> None:
        self.reasons = tuple(reasons)
        self.version = version
        lines = [f"{what}:", *(f"- {reason}" for reason in self.reasons), *([then] if then else [])]
        super().__init__("\n".join(lines), RESOURCE_CONFLICT)
