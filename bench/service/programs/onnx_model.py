"""A bundle's boosted trees as an ONNX model: ``python -m bench.service.programs.onnx_model BUNDLE MODEL``.

The very same trees, node by node, as ``TreeEnsembleRegressor`` of ONNX's own operators for machine learning.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import onnx
from onnx import TensorProto, helper

OPERATORS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
# The newest that ONNX Runtime is sure to read.
FORMAT = 8


def model_of(bundle: str) -> onnx.ModelProto:
    """Make the model of a bundle that holds one ensemble of boosted trees over continuous features."""
    with zipfile.ZipFile(bundle) as archive:
        (folder,) = {
            name.split("/tree0/")[0] for name in archive.namelist() if name.endswith("/tree0/tree.json")
        }
        attributes = json.loads(archive.read(f"{folder}/model.json"))["attributes"]
        width = attributes["num_features"]["long"]
        nodes: dict[str, list[Any]] = {}
        pairs = zip(attributes["trees"]["string"], attributes["tree_weights"]["double"], strict=True)
        for number, (name, weight) in enumerate(pairs):
            lines = archive.read(f"{folder}/{name}/tree.json").decode().splitlines()
            for node in _nodes(number, weight, [json.loads(line) for line in lines if line]):
                for key, value in node.items():
                    nodes.setdefault(key, []).append(value)
    trees = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["days"],
        domain="ai.onnx.ml",
        n_targets=1,
        **{key: [each for each in values if each is not None] for key, values in nodes.items()},
    )
    taken = helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, width])
    given = helper.make_tensor_value_info("days", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([trees], "days", [taken], [given])
    model = helper.make_model(graph, opset_imports=OPERATORS, ir_version=FORMAT)
    onnx.checker.check_model(model)
    return model


def _nodes(tree: int, weight: float, records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Number the nodes of a tree in the order of its file, where the left branch follows its parent."""
    ends = _ends(records)
    for place, record in enumerate(records):
        leaf = record["type"] == "leaf"
        if not leaf and record["split"]["type"] != "continuous":
            raise ValueError("has a split by category; only continuous ones are written here")
        yield {
            "nodes_treeids": tree,
            "nodes_nodeids": place,
            "nodes_featureids": 0 if leaf else record["split"]["featureIndex"],
            "nodes_values": 0.0 if leaf else record["split"]["threshold"],
            "nodes_modes": "LEAF" if leaf else "BRANCH_LEQ",
            "nodes_truenodeids": 0 if leaf else place + 1,
            "nodes_falsenodeids": 0 if leaf else ends[place + 1],
            "target_treeids": tree if leaf else None,
            "target_nodeids": place if leaf else None,
            "target_ids": 0 if leaf else None,
            "target_weights": weight * record["values"][0] if leaf else None,
        }


def _ends(records: list[dict[str, Any]]) -> list[int]:
    """Say for each node which one comes behind all that hangs below it."""
    ends = [0] * len(records)
    for place in reversed(range(len(records))):
        ends[place] = place + 1 if records[place]["type"] == "leaf" else ends[ends[place + 1]]
    return ends


if __name__ == "__main__":
    onnx.save(model_of(sys.argv[1]), sys.argv[2])
