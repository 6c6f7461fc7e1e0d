"""Small MLeap bundles written by hand, in the layout and encoding of MLeap's exporter."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import BundleError
from days_to_sell.scoring import load_bundle

Attributes = Mapping[str, Any]
Document = dict[str, Any]


def doubles(*values: float | None) -> Document:
    """A list of doubles."""
    return {"double": list(values), "type": "list"}


def strings(*values: str) -> Document:
    """A list of strings."""
    return {"string": list(values), "type": "list"}


def vector(*values: float | None) -> Document:
    """A dense tensor of one dimension."""
    shape = {"dimensions": [{"size": len(values), "name": ""}]}
    return {"double": list(values), "shape": shape, "type": "tensor"}


def shapes(*widths: int | None) -> Document:
    """The input shapes of an assembler: None for a number, a width for a vector."""
    found = []
    for width in widths:
        tensor = {"tensorShape": {"dimensions": [{"size": width, "name": ""}]}}
        base = "scalar" if width is None else "tensor"
        found.append({"base": base, "isNullable": True} | ({} if width is None else tensor))
    return {"data_shape": found, "type": "list"}


def node(op: str, inputs: Mapping[str, str], outputs: Mapping[str, str], attributes: Attributes) -> Document:
    """The two documents of a node; inputs and outputs map ports to columns."""
    sides = {"inputs": inputs, "outputs": outputs}
    shape = {side: [{"port": p, "name": c} for p, c in ports.items()] for side, ports in sides.items()}
    return {
        "model.json": {"op": op, "attributes": dict(attributes)},
        "node.json": {"name": op, "shape": shape},
    }


def files(nodes: Sequence[Document]) -> dict[str, str]:
    """The files of a bundle whose root is a pipeline of ``nodes``, named ``n0``, ``n1`` and so on."""
    names = [f"n{position}" for position in range(len(nodes))]
    root = node("pipeline", {}, {}, {"nodes": strings(*names)})
    info = {"format": "json", "name": "by-hand", "version": "0.16.0"}
    info |= {"uid": "00000000-0000-0000-0000-000000000000", "timestamp": "2026-01-01T00:00:00"}
    found = {"bundle.json": json.dumps(info)}
    for folder, documents in [("root", root), *zip((f"root/{n}.node" for n in names), nodes, strict=True)]:
        for name, document in documents.items():
            found[f"{folder}/{name}"] = document if isinstance(document, str) else json.dumps(document)
    return found


def zipped(path: Path, content: Mapping[str, str]) -> Path:
    """Write files as a zip."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def bundle(path: Path, *nodes: Document) -> Path:
    """Write a bundle of ``nodes``."""
    return zipped(path / "bundle.zip", files(nodes))


def indexer(**attributes: Any) -> Document:
    """A string indexer from ``make`` to ``rank`` over the labels a and b."""
    known = {"labels": strings("a", "b"), "handle_invalid": {"string": "keep"}}
    return node("string_indexer", {"input": "make"}, {"output": "rank"}, known | attributes)


def line(**attributes: Any) -> Document:
    """A linear regression from the vector ``features`` to ``days``: 2 x + 3 y + 1."""
    known = {"coefficients": vector(2.0, 3.0), "intercept": {"double": 1.0}}
    return node("linear_regression", {"features": "features"}, {"prediction": "days"}, known | attributes)


def tree(*records: Document, features: int = 2) -> Document:
    """A decision tree from ``features`` to ``days``, its nodes in pre-order."""
    documents = node(
        "decision_tree_regression",
        {"features": "features"},
        {"prediction": "days"},
        {"num_features": {"long": features}},
    )
    return documents | {"tree.json": "\n".join(json.dumps(record) for record in records)}


def leaf(value: float | None) -> Document:
    """A leaf."""
    return {"type": "leaf", "values": [value]}


def split(**parts: Any) -> Document:
    """An inner node."""
    return {"type": "internal", "split": parts}


def assembler() -> Document:
    """An assembler of ``rank`` and ``age`` into the vector ``features``."""
    inputs = {"input0": "rank", "input1": "age"}
    return node("vector_assembler", inputs, {"output": "features"}, {"input_shapes": shapes(None, None)})


def refusal(path: Path) -> str:
    """The message with which a bundle is refused."""
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    return str(caught.value)
