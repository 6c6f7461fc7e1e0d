"""Feature operators around which the table of differences is driven: each ends in the column ``out``."""

from __future__ import annotations

from pyspark.ml.feature import (
    PCA,
    Binarizer,
    ElementwiseProduct,
    FeatureHasher,
    IndexToString,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialExpansion,
    StringIndexer,
    VectorIndexer,
)
from pyspark.ml.linalg import Vectors

from tests.parity.pipelines import Stage, assemble

INPUT = {"inputCol": "v", "outputCol": "out"}


def feature_stages(operator: str, choice: str) -> tuple[str, list[Stage]]:
    """The column to change, and an operator over it, beside a constant where it needs that.

    Args:
        operator: MLeap's name of the operator.
        choice: What a line of the table depends on.
    """
    if (operator, choice) == ("vector_indexer", "zeros"):
        # Zero where it is asked, but never where it was fitted.
        stages = [*_times(1.0, ["a"]), assemble(["same", "a"], "v"), VectorIndexer(maxCategories=4, **INPUT)]
        return "same", stages
    return "x", _over_x(operator, choice)


def _over_x(operator: str, choice: str) -> list[Stage]:
    if (operator, choice) == ("binarizer", ""):
        return [Binarizer(inputCol="x", outputCol="out", threshold=-0.5)]
    if operator == "binarizer":
        beside = [*"abcd"] if choice == "zeros" else ["a"]
        products = _times(float(choice != "zeros"), beside)
        return [*products, assemble([*beside, "x"], "v"), Binarizer(threshold=-0.5, **INPUT)]
    if operator == "feature_hasher":
        categories = ["x"] if choice else []
        return [FeatureHasher(inputCols=["x"], outputCol="out", numFeatures=8, categoricalCols=categories)]
    if operator == "string_indexer":
        # The second stage tells that the column holds numbers.
        ranks = StringIndexer(inputCol="x", outputCol="rank", handleInvalid="keep")
        return [ranks, assemble(["rank", "x"], "out")]
    if operator == "reverse_string_indexer":
        words = IndexToString(inputCol="x", outputCol="word", labels=["a", "b", "c"])
        return [words, StringIndexer(inputCol="word", outputCol="out", handleInvalid="keep")]
    if choice == "zeros":
        zeros = [*"abcd"]
        of_zeros = PolynomialExpansion(**INPUT) if operator == "polynomial_expansion" else Normalizer(**INPUT)
        return [*_times(0.0, zeros), assemble([*zeros, "x"], "v"), of_zeros]
    return [assemble(["x", "same"], "v"), _OF_VECTORS[operator](choice)]


def _times(factor: float, names: list[str]) -> list[Stage]:
    """Vectors of one element, each the same column times a factor: enough zeros make a sparse vector."""
    vector = Vectors.dense([factor])
    products = [ElementwiseProduct(inputCol="s", outputCol=each, scalingVec=vector) for each in names]
    return [assemble(["same"], "s"), *products]


_OF_VECTORS = {
    "elementwise_product": lambda _: ElementwiseProduct(scalingVec=Vectors.dense([0.0, 2.0]), **INPUT),
    "max_abs_scaler": lambda _: MaxAbsScaler(**INPUT),
    "min_max_scaler": lambda _: MinMaxScaler(**INPUT),
    "normalizer": lambda choice: Normalizer(p=float(choice), **INPUT),
    "pca": lambda _: PCA(k=2, **INPUT),
    "polynomial_expansion": lambda _: PolynomialExpansion(**INPUT),
    "vector_indexer": lambda choice: VectorIndexer(maxCategories=4, handleInvalid=choice, **INPUT),
}
FEATURES = frozenset({*_OF_VECTORS, "binarizer", "feature_hasher", "reverse_string_indexer"})
