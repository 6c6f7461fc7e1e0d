"""Where Spark, MLeap's own runtime and the Python scorer are known to answer differently.

This is the one table of such differences; the parity tests drive every line of it through all three engines,
and allow no other. The Python scorer does what Spark does, but for two rules of the product: a number that
is null is NaN, and NaN never becomes an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# A number; another number than Spark's; NaN; null; no row; an error, of the row or of the whole bundle.
Outcome = Literal["answers", "another", "NaN", "null", "drops", "refuses"]
# Extreme are numbers so large or so near to zero that the logistic of different ones is the same.
Value = Literal["null", "NaN", "fraction", "ordinary", "negative", "zero", "beyond", "infinite", "extreme"]


@dataclass(frozen=True)
class Difference:
    """What each engine does with one value.

    Args:
        operator: MLeap's name of the operator.
        handle_invalid: How the stage was fitted, by its handleInvalid or what else it depends on; empty where
            it depends on nothing.
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
_NOWHERE = "a null number is NaN to Python; Spark and MLeap leave it out"
_SKIPS = "MLeap makes null of the vector instead of leaving the row out, and fails on it"
_NOT_RECORDED = "the bundle does not record the assembler's handleInvalid, so NaN always passes"
_PROBABILITIES = (
    "Spark compares margins, MLeap probabilities, of which several may be equal where margins are not"
)
_COUNTS = "naive Bayes of counts takes none below zero; MLeap does not look"
_TYPES = "MLeap's runtime knows the types multinomial and bernoulli alone"

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
        "standard_scaler",
        "",
        "infinite",
        "NaN",
        "answers",
        "NaN",
        "MLeap makes 0 of a constant feature first",
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
    Difference("logistic_regression", "", "extreme", "answers", "another", "answers", _PROBABILITIES),
    Difference(
        "logistic_regression",
        "",
        "infinite",
        "answers",
        "another",
        "answers",
        "an infinite margin takes all; what is left to others that are infinite is NaN in Spark, 0 in MLeap",
    ),
    Difference(
        "decision_tree_classifier",
        "threshold of zero",
        "ordinary",
        "answers",
        "another",
        "answers",
        "a class without a chance over a threshold of zero is NaN in Spark, and infinite in MLeap",
    ),
    Difference(
        "decision_tree_regression",
        "halves",
        "NaN",
        "answers",
        "another",
        "answers",
        "a category that is in neither of two halves goes right in Spark and left in MLeap, in any tree",
    ),
    Difference("naive_bayes", "", "negative", "refuses", "answers", "refuses", _COUNTS),
    Difference("naive_bayes", "", "NaN", "refuses", "answers", "refuses", _COUNTS),
    Difference("naive_bayes", "complement", "ordinary", "answers", "refuses", "answers", _TYPES),
    Difference(
        "naive_bayes",
        "gaussian",
        "ordinary",
        "answers",
        "refuses",
        "refuses",
        "the bundle does not hold the variances",
    ),
    Difference("one_vs_rest", "", "extreme", "answers", "another", "answers", _PROBABILITIES),
    Difference(
        "one_vs_rest",
        "linear_svc",
        "ordinary",
        "answers",
        "another",
        "answers",
        "MLeap compares the classes that planes choose, which are 0 or 1, and Spark their margins",
    ),
    Difference(
        "k_means", "", "NaN", "refuses", "answers", "refuses", "MLeap takes NaN to the first of the centers"
    ),
    Difference(
        "k_means",
        "cosine",
        "zero",
        "refuses",
        "answers",
        "answers",
        "a vector of zeros has no direction, and the bundle does not record that directions were compared",
    ),
    Difference(
        "generalized_linear_regression",
        "tweedie",
        "ordinary",
        "answers",
        "refuses",
        "refuses",
        "the bundle does not hold the powers of the family and of its link",
    ),
    Difference(
        "generalized_linear_regression",
        "capitals",
        "ordinary",
        "answers",
        "refuses",
        "answers",
        "Spark takes Poisson for poisson, and the bundle holds what was written; MLeap wants small letters",
    ),
    Difference("binarizer", "", "null", "null", "refuses", "answers", _NULL),
    Difference(
        "binarizer",
        "vector",
        "NaN",
        "answers",
        "another",
        "answers",
        "Spark asks what is at most a negative threshold, which NaN is not; MLeap what is above it",
    ),
    Difference(
        "binarizer",
        "zeros",
        "ordinary",
        "answers",
        "another",
        "answers",
        "MLeap passes over the zeros of a sparse vector, which are above a negative threshold",
    ),
    Difference(
        "max_abs_scaler", "", "beyond", "answers", "another", "answers", "MLeap cuts what is beyond 1 to 1"
    ),
    Difference(
        "max_abs_scaler", "", "infinite", "answers", "another", "answers", "MLeap cuts what is beyond 1 to 1"
    ),
    Difference(
        "normalizer",
        "inf",
        "ordinary",
        "answers",
        "refuses",
        "answers",
        "the bundle writes an infinite norm as null, which is NaN to MLeap",
    ),
    Difference(
        "normalizer",
        "zeros",
        "NaN",
        "answers",
        "answers",
        "NaN",
        "both engines pass over the zeros of a sparse vector; in any other, 0 divided by NaN is NaN",
    ),
    Difference(
        "polynomial_expansion",
        "zeros",
        "NaN",
        "answers",
        "answers",
        "another",
        "both engines pass over the zeros of a sparse vector; in any other, NaN times 0 is NaN",
    ),
    Difference("feature_hasher", "", "null", "answers", "answers", "another", _NOWHERE),
    Difference("feature_hasher", "category", "null", "answers", "answers", "another", _NOWHERE),
    Difference(
        "string_indexer",
        "numbers",
        "ordinary",
        "answers",
        "refuses",
        "answers",
        "MLeap takes the column for text; Python learns from another node that it holds numbers",
    ),
    Difference(
        "reverse_string_indexer",
        "",
        "NaN",
        "answers",
        "answers",
        "refuses",
        "both engines make 0 of NaN and answer the first label, as if it were known",
    ),
    Difference("vector_indexer", "skip", "NaN", "drops", "refuses", "drops", _SKIPS),
    Difference("vector_indexer", "skip", "beyond", "drops", "refuses", "drops", _SKIPS),
    Difference(
        "vector_indexer",
        "zeros",
        "zero",
        "answers",
        "answers",
        "refuses",
        "both engines pass over the zeros of a sparse vector, also where zero is no category",
    ),
)
