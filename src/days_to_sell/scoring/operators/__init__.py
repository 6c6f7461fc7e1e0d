"""MLeap's operators: for each, the function that reads a node and describes what it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from days_to_sell.scoring.node import Node
from days_to_sell.scoring.operators import (
    buckets,
    categories,
    classes,
    clusters,
    crossings,
    hashers,
    isotonic,
    linear,
    one_vs_rest,
    polynomials,
    projections,
    scalers,
    survival,
    thresholds,
    trees,
    vector_indexers,
    vectors,
)

OPERATORS: Mapping[str, Callable[[Node], None]] = MappingProxyType(
    {
        "aft_survival_regression": survival.aft_survival_regression,
        "binarizer": thresholds.binarizer,
        "bucketizer": buckets.bucketizer,
        "decision_tree_regression": trees.decision_tree_regression,
        "elementwise_product": scalers.elementwise_product,
        "feature_hasher": hashers.feature_hasher,
        "gbt_regression": trees.gbt_regression,
        "generalized_linear_regression": linear.generalized_linear_regression,
        "interaction": crossings.interaction,
        "isotonic_regression": isotonic.isotonic_regression,
        "k_means": clusters.k_means,
        "linear_regression": linear.linear_regression,
        "max_abs_scaler": scalers.max_abs_scaler,
        "min_max_scaler": scalers.min_max_scaler,
        "normalizer": scalers.normalizer,
        "one_hot_encoder": categories.one_hot_encoder,
        "one_vs_rest": one_vs_rest.one_vs_rest,
        "pca": projections.pca,
        "polynomial_expansion": polynomials.polynomial_expansion,
        "random_forest_regression": trees.random_forest_regression,
        "reverse_string_indexer": categories.reverse_string_indexer,
        "standard_scaler": scalers.standard_scaler,
        "string_indexer": categories.string_indexer,
        "vector_assembler": vectors.vector_assembler,
        "vector_indexer": vector_indexers.vector_indexer,
        "vector_slicer": vectors.vector_slicer,
        **{name: classes.operator(each) for name, each in one_vs_rest.CLASSIFIERS.items()},
    }
)
