"""Where Spark, MLeap's own runtime and the Python scorer are known to answer differently.

This is the one table of such differences; the parity tests drive every line of it through all three engines,
and allow no other. The Python scorer does what Spark does, but for two rules of the product: a number that
is null is NaN, and NaN never becomes an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# A number; NaN; null; no row; an error.
Outcome = Literal["answers", "NaN", "null", "drops", "refuses"]
Value = Literal["null", "NaN", "fraction"]


@dataclass(frozen=True)
class Difference:
    """What each engine does with one value.

    Args:
        operator: MLeap's name of the operator.
        handle_invalid: How the stage was fitted; empty where it has no such choice.
        value: What the operator is given.
        spark: What the fitted Spark stage does.
        mleap: What MLeap's JVM runtime does with the bundle.
        python: What this package does with the bundle.
        reason: Why they differ.
    """

    operator: str
    handle_invalid: str
    value: Value
    spark: Outcome
    mleap: Outcome
    python: Outcome
    reason: str

    @property
    def key(self) -> str:
        """Operator, choice and value in one word."""
        return "-".join(part for part in (self.operator, self.handle_invalid, self.value) if part)


_NULL = "a null number is NaN to Python; Spark passes null on, MLeap fails on it"
_NOT_RECORDED = "the bundle does not record the assembler's handleInvalid, so NaN always passes"

DIFFERENCES: tuple[Difference, ...] = (
    Difference("bucketizer", "keep", "null", "null", "refuses", "answers", _NULL),
    Difference("bucketizer", "error", "null", "null", "refuses", "refuses", _NULL),
    Difference("bucketizer", "skip", "null", "drops", "refuses", "drops", _NULL),
    Difference("vector_assembler", "keep", "null", "NaN", "refuses", "NaN", _NULL),
    Difference("vector_assembler", "error", "null", "refuses", "refuses", "NaN", _NOT_RECORDED),
    Difference("vector_assembler", "error", "NaN", "refuses", "NaN", "NaN", _NOT_RECORDED),
    Difference("vector_assembler", "skip", "null", "drops", "refuses", "NaN", _NOT_RECORDED),
    Difference("vector_assembler", "skip", "NaN", "drops", "NaN", "NaN", _NOT_RECORDED),
    Difference("interaction", "", "null", "refuses", "refuses", "NaN", _NULL),
    Difference(
        "one_hot_encoder", "keep", "NaN", "answers", "refuses", "answers", "MLeap wants whole numbers"
    ),
    Difference(
        "one_hot_encoder", "keep", "fraction", "answers", "refuses", "answers", "MLeap wants whole numbers"
    ),
    Difference(
        "standard_scaler", "", "NaN", "NaN", "answers", "NaN", "MLeap makes 0 of a constant feature first"
    ),
    Difference(
        "isotonic_regression",
        "",
        "NaN",
        "answers",
        "answers",
        "refuses",
        "both engines find NaN behind the last boundary and answer the last prediction, as if it were known",
    ),
)
