"""``days-to-sell bundle inspect``: what a bundle computes, from what, and how large it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from days_to_sell.errors import BundleError
from days_to_sell.scoring.folder import read_bundle_files
from days_to_sell.scoring.inventory import operators
from days_to_sell.scoring.kinds import Kind
from days_to_sell.scoring.operators import OPERATORS
from days_to_sell.scoring.plan.expressions import ForestSum
from days_to_sell.scoring.plan.order import in_order
from days_to_sell.scoring.plan.plan import Plan
from days_to_sell.scoring.plan.vectors import ForestVote
from days_to_sell.scoring.reading import read_plan


@dataclass(frozen=True)
class Described:
    """One node of a pipeline.

    Args:
        name: Name of the node.
        operator: MLeap's name of its operator.
        reads: The columns that it reads.
        writes: The columns that it writes.
        trees: Number of its trees.
        splits: Number of their inner nodes.
    """

    name: str
    operator: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    trees: int = 0
    splits: int = 0


@dataclass(frozen=True)
class Contents:
    """A bundle, for people and programs.

    Args:
        name: Name of the bundle.
        mleap: Version of MLeap that wrote it.
        bytes_on_disk: Size of the zip, or of all files of the directory.
        inputs: What each column holds that rows must bring.
        outputs: What each column holds that is added.
        nodes: The nodes in order, pipelines inside pipelines laid flat.
        refused: Why the engine in Python does not compute it, and no columns are known; empty where it does.
    """

    name: str
    mleap: str
    bytes_on_disk: int
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    nodes: tuple[Described, ...]
    refused: str


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def inspect(file: Path, as_json: bool) -> None:
    """Show the operators of a bundle FILE in order, the columns that it takes and gives, and its size.

    \b
    Examples:
      days-to-sell bundle inspect model.zip
      days-to-sell bundle inspect model.zip --json | jq .inputs
    """
    found = contents(file)
    click.echo(json.dumps(asdict(found), indent=2) if as_json else "\n".join(_told(file, found)))


def contents(path: Path) -> Contents:
    """Describe a bundle.

    Raises:
        BundleError: It is damaged, or is in protobuf format.
    """
    try:
        files = read_bundle_files(path)
        info = files.document("bundle.json")
        known = list(operators(files)) if info.get("format") == "json" else []
        lacking = sorted({op for _, op in known} - set(OPERATORS))
        plan = Plan({}, ()) if lacking else read_plan(files)[1]
    except BundleError as error:
        raise BundleError(f"MLeap bundle {path}: {error}") from error
    parts = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return Contents(
        str(info.get("name", "")),
        str(info.get("version", "")),
        sum(each.stat().st_size for each in parts),
        _kinds(plan.inputs),
        _kinds(plan.outputs),
        tuple(Described(name, op) for name, op in known) if lacking else tuple(_nodes(plan)),
        f"the engine in Python has no operator {', '.join(lacking)}" if lacking else "",
    )


def _kinds(columns: Mapping[str, Kind]) -> dict[str, str]:
    return {name: str(kind) for name, kind in columns.items()}


def _nodes(plan: Plan) -> Iterator[Described]:
    done: set[int] = set()
    for stage in plan.stages:
        # Probabilities and classes of one node may share their trees.
        forests = {
            id(each.forest): each.forest
            for each in in_order(stage.computed(stage.outputs).values(), done)
            if isinstance(each, ForestSum | ForestVote)
        }
        trees = sum(len(forest.trees) for forest in forests.values())
        # A tree has one leaf more than it has splits.
        splits = sum(len(forest.leaves) for forest in forests.values()) - trees
        yield Described(stage.name, stage.op, stage.inputs, tuple(stage.outputs), trees, splits)


def _told(path: Path, found: Contents) -> Iterator[str]:
    made = f", written by MLeap {found.mleap}" if found.mleap else ""
    yield f"bundle {found.name}{made}; {found.bytes_on_disk:,} bytes in {path}"
    yield from ("", f"{len(found.nodes)} nodes")
    yield from _table(
        [
            (str(number), node.operator, ", ".join(node.reads), "->", ", ".join(node.writes), _size(node))
            for number, node in enumerate(found.nodes, start=1)
        ]
    )
    if found.refused:
        yield from (
            "",
            f"{found.refused}, so its columns are not known; MLeap's runtime may score it: engine jvm",
        )
        return
    for title, columns in (("inputs", found.inputs), ("outputs", found.outputs)):
        yield from ("", f"{len(columns)} {title}")
        yield from _table(list(columns.items()))


def _size(node: Described) -> str:
    trees = f"; {node.trees:,} trees, {node.splits:,} splits" if node.trees else ""
    return f"({node.name}{trees})"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
