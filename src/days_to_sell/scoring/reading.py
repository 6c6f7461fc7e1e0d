"""From the files of a bundle to the plan of what it computes."""

from __future__ import annotations

from collections.abc import Iterator

from days_to_sell.errors import BundleError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.columns import Columns
from days_to_sell.scoring.folder import Folder
from days_to_sell.scoring.node import Node, read_model, read_ports
from days_to_sell.scoring.operators import OPERATORS
from days_to_sell.scoring.plan.plan import Plan, Stage

PIPELINE = "pipeline"
# Pipelines nest in practice two or three deep; a bundle that nests further was made to exhaust the stack.
MAX_NESTING = 32


def read_plan(files: Folder) -> tuple[str, Plan]:
    """Read the name of a bundle, and what it computes.

    Raises:
        BundleError: The bundle is damaged, is in protobuf format, or holds an operator that is not supported.
    """
    info = files.document("bundle.json")
    if info.get("format") != "json":
        raise BundleError(
            f"it is in the format {info.get('format')!r:.40}, and only 'json' can be read; "
            "export it again with serializeToBundle, whose default is JSON"
        )
    columns = Columns()
    stages = tuple(_stages(files.folder("root"), "root", columns, nesting=0))
    if columns.late_numbers:
        columns = Columns(frozenset(columns.late_numbers))
        stages = tuple(_stages(files.folder("root"), "root", columns, nesting=0))
    return str(info.get("name", "")), Plan(columns.inputs, stages, columns.outputs)


def _stages(folder: Folder, name: str, columns: Columns, nesting: int) -> Iterator[Stage]:
    model = folder.document("model.json")
    try:
        op, attributes = read_model(model)
        if op == PIPELINE:
            for child in _children(attributes, nesting):
                yield from _stages(folder.folder(f"{child}.node"), child, columns, nesting + 1)
        else:
            yield _stage(op, attributes, folder, name, columns)
    except BundleError as error:
        raise BundleError(f"node {name!r} ({model.get('op')!r:.60}): {error}") from error


def _children(attributes: Attributes, nesting: int) -> tuple[str, ...]:
    children = attributes.strings("nodes")
    if len(set(children)) < len(children):
        raise BundleError("it lists a node twice")
    if nesting >= MAX_NESTING:
        raise BundleError(f"pipelines nest deeper than {MAX_NESTING}")
    return children


def _stage(op: str, attributes: Attributes, folder: Folder, name: str, columns: Columns) -> Stage:
    if op not in OPERATORS:
        supported = ", ".join(sorted([PIPELINE, *OPERATORS]))
        raise BundleError(f"this operator is not supported; supported are {supported}")
    shape = folder.document("node.json").get("shape")
    node = Node(
        name=name,
        op=op,
        attributes=attributes,
        folder=folder,
        columns=columns,
        ports_in=read_ports(shape, "inputs"),
        ports_out=read_ports(shape, "outputs"),
    )
    OPERATORS[op](node)
    stage = node.stage()
    columns.budget.spend(stage)
    return stage
