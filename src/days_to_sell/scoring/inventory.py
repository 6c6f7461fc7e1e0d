"""What nodes a bundle has, whether or not anything here can compute them."""

from __future__ import annotations

from collections.abc import Iterator

from days_to_sell.errors import BundleError
from days_to_sell.scoring.folder import Folder
from days_to_sell.scoring.node import read_model
from days_to_sell.scoring.reading import MAX_NESTING, PIPELINE


def operators(files: Folder) -> Iterator[tuple[str, str]]:
    """Name each node of a bundle in JSON format with its operator, pipelines inside pipelines laid flat.

    Raises:
        BundleError: The bundle is damaged; the message names the node.
    """
    return ((name, op) for name, op, _ in nodes(files))


def nodes(files: Folder) -> Iterator[tuple[str, str, Folder]]:
    """Give each node as :func:`operators` does, with its folder."""
    return _nodes(files.folder("root"), "root", nesting=0)


def _nodes(folder: Folder, name: str, nesting: int) -> Iterator[tuple[str, str, Folder]]:
    model = folder.document("model.json")
    try:
        op, attributes = read_model(model)
    except BundleError as error:
        raise BundleError(f"node {name!r}: {error}") from error
    if op != PIPELINE:
        yield name, op, folder
        return
    if nesting >= MAX_NESTING:
        raise BundleError(f"node {name!r}: pipelines nest deeper than {MAX_NESTING}")
    for child in attributes.strings("nodes"):
        yield from _nodes(folder.folder(f"{child}.node"), child, nesting + 1)
