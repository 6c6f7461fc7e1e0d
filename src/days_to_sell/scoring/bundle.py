"""An MLeap bundle as a function from rows to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.columns import Columns, reader
from days_to_sell.scoring.folder import Folder, read_bundle_files
from days_to_sell.scoring.node import Node, Row, RowDroppedError, Step, read_ports
from days_to_sell.scoring.operators import OPERATORS

PIPELINE = "pipeline"
# Pipelines nest in practice two or three deep; a bundle that nests further was made to exhaust the stack.
MAX_NESTING = 32


@dataclass(frozen=True)
class Bundle:
    """A pipeline ready to score, one row at a time.

    Args:
        name: Name of the bundle, that of the Spark pipeline it was exported from.
        inputs: The columns that rows must bring, in the order the pipeline reads them.
        outputs: The columns that the pipeline adds, in the order it writes them.
        labels: For each column that a string indexer reads, its labels in the order of their index.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    _readers: tuple[tuple[str, Callable[[Any], Any]], ...]
    _steps: tuple[Step, ...]

    def transform(self, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Score rows.

        A number may be null, which is NaN to the pipeline; a vector is a list of floats.

        Args:
            rows: Rows with at least the columns of ``inputs``; they are left as they are.

        Returns:
            For each row its own fields and the columns of ``outputs``; a row that the pipeline drops is left
            out.

        Raises:
            ScoringError: A row lacks a column, or holds a value that the pipeline refuses; the message begins
                with its position, counted from 0.
        """
        answers = []
        for position, row in enumerate(rows):
            try:
                answer = self.transform_row(row)
            except ScoringError as error:
                raise ScoringError(f"row {position}: {error}") from error
            if answer is not None:
                answers.append(answer)
        return answers

    def transform_row(self, row: Mapping[str, Any]) -> Row | None:
        """Score one row as :meth:`transform` does; None if the pipeline drops it."""
        values: Row = {}
        try:
            for column, read in self._readers:
                values[column] = read(row[column])
        except KeyError:
            missing = ", ".join(repr(each) for each in self.inputs if each not in row)
            raise ScoringError(
                f"the row lacks {missing}; the pipeline needs {', '.join(self.inputs)}"
            ) from None
        try:
            for step in self._steps:
                step(values)
        except RowDroppedError:
            return None
        answer = dict(row)
        for column in self.outputs:
            if column in answer:
                raise ScoringError(f"the row brings {column!r}, which the pipeline writes; rename or drop it")
            answer[column] = values[column]
        return answer


def load_bundle(path: str | Path) -> Bundle:
    """Load an MLeap bundle in JSON format.

    The file is not trusted: nothing in it is executed, nothing is unpacked to disk, and whatever does not
    fit together is refused.

    Args:
        path: A zip, or a directory that holds what the zip would.

    Raises:
        BundleError: The bundle is damaged, is in protobuf format, or holds an operator that is not supported.
    """
    try:
        return _load(read_bundle_files(Path(path)))
    except BundleError as error:
        raise BundleError(f"MLeap bundle {path}: {error}") from error


def _load(files: Folder) -> Bundle:
    info = files.document("bundle.json")
    if info.get("format") != "json":
        raise BundleError(
            f"it is in the format {info.get('format')!r:.40}, and only 'json' can be read; "
            "export it again with serializeToBundle, whose default is JSON"
        )
    columns = Columns()
    steps = tuple(_compile(files.folder("root"), "root", columns, nesting=0))
    return Bundle(
        name=str(info.get("name", "")),
        inputs=tuple(columns.inputs),
        outputs=tuple(columns.outputs),
        labels=MappingProxyType(columns.labels),
        _readers=tuple((name, reader(name, kind)) for name, kind in columns.inputs.items()),
        _steps=steps,
    )


def _compile(folder: Folder, name: str, columns: Columns, nesting: int) -> Iterator[Step]:
    model = folder.document("model.json")
    op, attributes = model.get("op"), model.get("attributes", {})
    try:
        if not isinstance(op, str) or not isinstance(attributes, dict):
            raise BundleError("its model.json names no operator, or its attributes are no object")
        if op == PIPELINE:
            for child in _children(Attributes(attributes), nesting):
                yield from _compile(folder.folder(f"{child}.node"), child, columns, nesting + 1)
        else:
            yield _build(op, Attributes(attributes), folder, name, columns)
    except BundleError as error:
        raise BundleError(f"node {name!r} ({op!r:.60}): {error}") from error


def _children(attributes: Attributes, nesting: int) -> tuple[str, ...]:
    children = attributes.strings("nodes")
    if len(set(children)) < len(children):
        raise BundleError("it lists a node twice")
    if nesting >= MAX_NESTING:
        raise BundleError(f"pipelines nest deeper than {MAX_NESTING}")
    return children


def _build(op: str, attributes: Attributes, folder: Folder, name: str, columns: Columns) -> Step:
    if op not in OPERATORS:
        supported = ", ".join(sorted([PIPELINE, *OPERATORS]))
        raise BundleError(f"this operator is not supported; supported are {supported}")
    shape = folder.document("node.json").get("shape")
    node = Node(
        name=name,
        attributes=attributes,
        folder=folder,
        columns=columns,
        ports_in=read_ports(shape, "inputs"),
        ports_out=read_ports(shape, "outputs"),
    )
    return OPERATORS[op](node)
