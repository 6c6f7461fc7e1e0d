"""Pairs: a Jupyter notebook and the same cells as a Databricks source file, which diffs well.

The format is the one in which a Databricks workspace exports and imports Python notebooks: a first line that
names it, cells parted by a line of their own, and everything that is not Python behind ``# MAGIC``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode

from days_to_sell.errors import NotebookError

Origin = Literal["jupyter", "source"]

HEADER = "# Databricks notebook source"
SEPARATOR = "# COMMAND ----------"
MAGIC = "# MAGIC"
MARKDOWN = "%md"
RESERVED = (HEADER, SEPARATOR, MAGIC)
# What Jupyter writes here depends on the machine that opened the notebook last, so it is set, not kept.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "version": "3.11"},
}


def cleaned(book: NotebookNode) -> NotebookNode:
    """Keep what a person wrote: no outputs, counts, empty cells or names that change by themselves.

    Raises:
        NotebookError: A cell has what a source file cannot hold.
    """
    cells: list[NotebookNode] = []
    for cell in book.cells:
        if cell.cell_type not in ("code", "markdown") or cell.get("attachments"):
            raise NotebookError(
                f"a cell is {cell.cell_type!r} or has a file pasted in, which a source file cannot hold: "
                f"{cell.source[:60]!r}; use markdown and code, and draw pictures in code"
            )
        source = _trimmed(cell.source)
        if source:
            new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
            cells.append(new(source, id=f"cell-{len(cells):02d}"))
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def to_source(book: NotebookNode) -> str:
    """Write a notebook as a Databricks source file.

    Raises:
        NotebookError: A cell has what the format cannot hold; the message quotes it.
    """
    cells = [_write(cell) for cell in cleaned(book).cells]
    return HEADER + "\n" + f"\n\n{SEPARATOR}\n\n".join(cells) + "\n"


def to_notebook(text: str) -> NotebookNode:
    """Read a Databricks source file as a notebook without outputs.

    Raises:
        NotebookError: It is no such file, or mixes magic and Python in one cell.
    """
    first, *lines = text.split("\n")
    if first.rstrip() != HEADER:
        raise NotebookError(f"the first line is {first!r}; a Databricks source file begins with {HEADER!r}")
    return cleaned(nbformat.v4.new_notebook(cells=[_read(cell) for cell in _cells(lines)]))


def pair(folder: Path, origin: Origin) -> Iterator[Path]:
    """Make every pair of a folder agree with one of its sides, and name the files that this changed.

    Args:
        folder: Folder of ``NAME.ipynb`` and ``NAME.py``.
        origin: Which side is right. From Jupyter, outputs are removed from the notebooks too.

    Raises:
        NotebookError: A file cannot be translated; the message names it.
    """
    suffix = ".ipynb" if origin == "jupyter" else ".py"
    for path in sorted(folder.glob(f"*{suffix}")):
        try:
            book = cleaned(read(path)) if origin == "jupyter" else to_notebook(path.read_text("utf-8"))
            texts = {".ipynb": nbformat.writes(book) + "\n", ".py": to_source(book)}
        except NotebookError as error:
            raise NotebookError(f"{path}: {error}") from error
        yield from (path.with_suffix(end) for end, text in texts.items() if _put(path.with_suffix(end), text))


def read(path: Path) -> NotebookNode:
    """Read a Jupyter notebook."""
    return nbformat.read(path, as_version=4)


def _trimmed(source: str) -> str:
    """Drop blank lines at both ends, which the space between cells of a source file would swallow."""
    lines = source.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines)


def _write(cell: NotebookNode) -> str:
    lines = cell.source.split("\n")
    if cell.cell_type == "markdown":
        return _as_magic([MARKDOWN, *lines])
    taken = [line for line in lines if line.startswith(RESERVED)]
    taken += [line for line in lines[:1] if line.startswith(MARKDOWN)]
    if taken:
        raise NotebookError(f"code would be read as the format's own: {taken[0]!r}; word it otherwise")
    if lines[0].startswith(("%", "!")):
        return _as_magic(lines)
    return "\n".join(lines)


def _as_magic(lines: Iterable[str]) -> str:
    return "\n".join(f"{MAGIC} {line}" if line else MAGIC for line in lines)


def _cells(lines: Iterable[str]) -> Iterator[list[str]]:
    cell: list[str] = []
    for line in lines:
        if line.rstrip() == SEPARATOR:
            yield cell
            cell = []
        else:
            cell.append(line)
    yield cell


def _read(lines: list[str]) -> NotebookNode:
    text = _trimmed("\n".join(lines))
    magic = [line.startswith(MAGIC) for line in text.split("\n")]
    if not any(magic):
        return nbformat.v4.new_code_cell(text)
    if not all(magic):
        raise NotebookError(f"a cell mixes {MAGIC!r} with Python: {text[:60]!r}; make two cells of it")
    content = [line.removeprefix(MAGIC).removeprefix(" ") for line in text.split("\n")]
    if content[0].split(" ")[0] != MARKDOWN:
        return nbformat.v4.new_code_cell("\n".join(content))
    return nbformat.v4.new_markdown_cell("\n".join([content[0][len(MARKDOWN) + 1 :], *content[1:]]))


def _put(path: Path, text: str) -> bool:
    """Write a file, whole or not at all, if that changes it."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.rename(path)
    return True
