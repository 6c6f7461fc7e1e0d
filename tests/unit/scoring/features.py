"""Small feature operators written by hand, most of them over a vector ``v`` of two elements."""

from __future__ import annotations

from typing import Any

from tests.unit.scoring.bundles import Document, doubles, node, shapes, strings, vector
from tests.unit.scoring.models import count, matrix


def longs(*values: int) -> Document:
    """A list of whole numbers."""
    return {"long": list(values), "type": "list"}


def shape(width: int | None) -> Document:
    """The shape of one input: None for a number, a width for a vector."""
    return {"data_shape": shapes(width)["data_shape"][0]}


def of_vector(op: str, known: Document, changes: Document, source: str = "v") -> Document:
    """An operator from one column to the column ``out``; a change to None takes an attribute away."""
    attributes = {name: value for name, value in {**known, **changes}.items() if value is not None}
    return node(op, {"input": source}, {"output": "out"}, attributes)


def binarizer(source: str = "v", width: int | None = 2, **changes: Any) -> Document:
    """Above 0.5."""
    known = {"threshold": {"double": 0.5}, "input_shapes": shape(width)}
    return of_vector("binarizer", known, changes, source)


def min_max(source: str = "v", **changes: Any) -> Document:
    """From 1 and up to 3 for the first element, always 5 for the second, to -1 and up to 1."""
    known = {
        "min": vector(1.0, 5.0),
        "max": vector(3.0, 5.0),
        "minValue": {"double": -1.0},
        "maxValue": {"double": 1.0},
    }
    return of_vector("min_max_scaler", known, changes, source)


def max_abs(source: str = "v", **changes: Any) -> Document:
    """At most 4 for the first element, always 0 for the second."""
    return of_vector("max_abs_scaler", {"maxAbs": vector(4.0, 0.0)}, changes, source)


def product(source: str = "v", **changes: Any) -> Document:
    """Times 2 and times -3."""
    return of_vector("elementwise_product", {"scaling_vec": vector(2.0, -3.0)}, changes, source)


def normalizer(source: str = "v", **changes: Any) -> Document:
    """The Euclidean norm."""
    return of_vector("normalizer", {"p_norm": {"double": 2.0}, "input_size": {"int": 2}}, changes, source)


def expansion(source: str = "v", **changes: Any) -> Document:
    """Up to degree 3."""
    return of_vector("polynomial_expansion", {"degree": count(3), "input_size": count(2)}, changes, source)


def components(source: str = "v", **changes: Any) -> Document:
    """The sum of the elements, and 10 times their difference."""
    known = {"principal_components": matrix([1.0, 10.0], [1.0, -10.0])}
    return of_vector("pca", known, changes, source)


def indexer(handle_invalid: str, source: str = "v", **changes: Any) -> Document:
    """The first element is 0, -1 or 7.5, in this order; the second is no category."""
    known = {
        "num_features": count(2),
        "keys": longs(0),
        "key_0_keys": doubles(-1.0, 0.0, 7.5),
        "key_0_values": longs(1, 0, 2),
        "handle_invalid": {"string": handle_invalid},
    }
    return of_vector("vector_indexer", known, changes, source)


def hasher(columns: dict[str, str], *categorical: str, buckets: int = 32, **changes: Any) -> Document:
    """A hasher of columns, each with its type."""
    known = {
        "num_features": count(buckets),
        "categorical_cols": strings(*categorical),
        "input_names": strings(*columns),
        "input_shapes": shapes(*[None] * len(columns)),
        "basic_types": {"basic_type": list(columns.values()), "type": "list"},
    }
    ports = {f"input{number}": column for number, column in enumerate(columns)}
    attributes = {name: value for name, value in {**known, **changes}.items() if value is not None}
    return node("feature_hasher", ports, {"output": "out"}, attributes)


def every_feature(source: str) -> list[Document]:
    """Each operator of this module over a vector of two elements, its columns named apart."""
    features = [
        binarizer(source),
        min_max(source),
        max_abs(source),
        product(source),
        normalizer(source),
        expansion(source),
        components(source),
        indexer("keep", source),
        hasher({"make": "string", "age": "double"}, "age"),
    ]
    for number, each in enumerate(features):
        each["node.json"]["shape"]["outputs"][0]["name"] = f"f{number}"
    return features
