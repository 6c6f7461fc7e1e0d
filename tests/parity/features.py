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
        # Four elements that are zero make a sparse vector. They were never zero where it was fitted.
        return "same", [assemble(["same"] * 4, "v"), VectorIndexer(maxCategories=4, **INPUT)]
    return "x", _over_x(operator, choice)


def _over_x(operator: str, choice: str) -> list[Stage]:
    beside = assemble(["x", "same"], "v")
    if (operator, choice) == ("binarizer", ""):
        return [Binarizer(inputCol="x", outputCol="out", threshold=-0.5)]
    if operator == "binarizer":
        return [assemble(["x", "x"], "v"), Binarizer(threshold=-0.5, **INPUT)]
    if operator == "feature_hasher":
        categories = ["x"] if choice else []
        return [FeatureHasher(inputCols=["x"], outputCol="out", numFeatures=8, categoricalCols=categories)]
    if operator == "string_indexer":
        # The second stage tells that the column holds numbers.
        return [
            StringIndexer(inputCol="x", outputCol="rank", handleInvalid=choice),
            assemble(["rank", "x"], "out"),
        ]
    if operator == "reverse_string_indexer":
        words = IndexToString(inputCol="x", outputCol="word", labels=["a", "b"])
        return [words, StringIndexer(inputCol="word", outputCol="out", handleInvalid="keep")]
    if (operator, choice) == ("polynomial_expansion", "zeros"):
        # Zeros beside one number make a sparse vector.
        zeros = ElementwiseProduct(inputCol="v", outputCol="w", scalingVec=Vectors.dense([0.0] * 5 + [1.0]))
        expansion = PolynomialExpansion(inputCol="sparse", outputCol="out")
        return [assemble([*["same"] * 5, "x"], "v"), zeros, assemble(["w"], "sparse"), expansion]
    return [beside, _OF_VECTORS[operator](choice)]


_OF_VECTORS = {
    "elementwise_product": lambda _: ElementwiseProduct(scalingVec=Vectors.dense([0.0, 2.0]), **INPUT),
    "max_abs_scaler": lambda _: MaxAbsScaler(**INPUT),
    "min_max_scaler": lambda _: MinMaxScaler(**INPUT),
    "normalizer": lambda choice: Normalizer(p=float(choice), **INPUT),
    "pca": lambda _: PCA(k=2, **INPUT),
    "polynomial_expansion": lambda _: PolynomialExpansion(**INPUT),
    "vector_indexer": lambda choice: VectorIndexer(maxCategories=4, handleInvalid=choice, **INPUT),
}
FEATURES = frozenset(
    {*_OF_VECTORS, "binarizer", "feature_hasher", "reverse_string_indexer", "string_indexer"}
)
