"""A notebook and its Databricks source file hold the same cells."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from days_to_sell.cli.notebooks.pairing import (
    HEADER,
    MAGIC,
    MARKDOWN,
    SEPARATOR,
    cleaned,
    pair,
    to_notebook,
    to_source,
)
from days_to_sell.errors import NotebookError

# What Databricks itself wrote, with a title in the line of the magic and trailing blanks behind it.
EXPORTED = """# Databricks notebook source
# MAGIC %md # Cars
# MAGIC 
# MAGIC How they *sell*.

# COMMAND ----------

x = 1

y = 2

# COMMAND ----------

# MAGIC %pip install days-to-sell
"""  # noqa: W291


def notebook(*cells: tuple[str, str]) -> NotebookNode:
    """A notebook of cells, each a kind and a source."""
    new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    return nbformat.v4.new_notebook(cells=[new[kind](source) for kind, source in cells])


def contents(book: NotebookNode) -> list[tuple[str, str]]:
    """Kind and source of each cell."""
    return [(cell.cell_type, cell.source) for cell in book.cells]


words = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
special = st.sampled_from([HEADER, SEPARATOR, MAGIC, f"{MAGIC} x", MARKDOWN, "%pip", "!ls", " "])
lines = st.lists(words | special, max_size=5)
cells = st.tuples(st.sampled_from(["code", "markdown"]), lines.map("\n".join))


@given(st.lists(cells, max_size=6))
def test_every_cell_survives_the_way_there_and_back(written: list[tuple[str, str]]) -> None:
    """Whatever a notebook's cells hold, its source file gives them back, and gives the same file again."""
    book = notebook(*written)
    try:
        source = to_source(book)
    except NotebookError:
        # Code that the format would read as its own, or as text, has been refused rather than changed.
        reserved = (HEADER, SEPARATOR, MAGIC, MARKDOWN)
        assert any(word in text for kind, text in written if kind == "code" for word in reserved)
        return

    assert contents(to_notebook(source)) == contents(cleaned(book))
    assert to_source(to_notebook(source)) == source


def test_what_databricks_wrote_is_read() -> None:
    """A title beside ``%md``, blanks behind ``# MAGIC`` and magic of other kinds are understood."""
    assert contents(to_notebook(EXPORTED)) == [
        ("markdown", "# Cars\n\nHow they *sell*."),
        ("code", "x = 1\n\ny = 2"),
        ("code", "%pip install days-to-sell"),
    ]


def test_a_source_file_reads_as_databricks_writes_it() -> None:
    """Text stands behind ``# MAGIC %md``, cells are parted by the format's line, nothing trails."""
    source = to_source(notebook(("markdown", "# Cars\n\nSell."), ("code", "x = 1\n"), ("code", "")))

    assert source == (
        "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Cars\n# MAGIC\n# MAGIC Sell.\n\n"
        "# COMMAND ----------\n\nx = 1\n"
    )


@pytest.mark.parametrize("line", ["# COMMAND ----------", "# MAGIC x", "# Databricks notebook source"])
def test_code_that_the_format_would_swallow_is_refused(line: str) -> None:
    """A line of code that would end its cell or change its kind is refused by its words."""
    with pytest.raises(NotebookError, match="read as the format's own"):
        to_source(notebook(("code", f"x = 1\n{line}")))


@pytest.mark.parametrize("text", ["", "x = 1", "# Databricks\nx = 1"])
def test_another_file_is_no_source_file(text: str) -> None:
    """A file without the first line is refused, and told what belongs there."""
    with pytest.raises(NotebookError, match="begins with '# Databricks notebook source'"):
        to_notebook(text)


def test_a_cell_of_two_kinds_is_refused() -> None:
    """Magic and Python in one cell have no counterpart in Jupyter."""
    with pytest.raises(NotebookError, match="make two cells of it"):
        to_notebook(f"{HEADER}\n{MAGIC} %md hello\nx = 1\n")


def test_a_pasted_picture_is_refused() -> None:
    """A source file is text alone, so what would be lost is refused."""
    book = notebook(("markdown", "![](attachment:a.png)"))
    book.cells[0]["attachments"] = {"a.png": {"image/png": ""}}

    with pytest.raises(NotebookError, match="file pasted in"):
        cleaned(book)


def test_a_pair_follows_the_side_that_was_edited(tmp_path: Path) -> None:
    """From Jupyter, the source is written and outputs go; from the source, the notebook follows."""
    book = notebook(("markdown", "# Cars"), ("code", "1 + 1"))
    book.cells[1].outputs = [nbformat.v4.new_output("stream", text="2")]
    book.cells[1].execution_count = 7
    jupyter, source = tmp_path / "a.ipynb", tmp_path / "a.py"
    jupyter.write_text(nbformat.writes(book), encoding="utf-8")

    assert sorted(pair(tmp_path, "jupyter")) == [jupyter, source]
    kept = nbformat.read(jupyter, as_version=4)
    assert [(cell.outputs, cell.execution_count) for cell in kept.cells[1:]] == [([], None)]

    source.write_text(source.read_text(encoding="utf-8").replace("1 + 1", "2 + 2"), encoding="utf-8")
    assert list(pair(tmp_path, "source")) == [jupyter]
    assert nbformat.read(jupyter, as_version=4).cells[1].source == "2 + 2"
    assert list(pair(tmp_path, "source")) == list(pair(tmp_path, "jupyter")) == []
