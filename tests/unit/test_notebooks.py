"""What is committed of the notebooks: pairs that agree, calls of the library, no outputs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from nbformat import NotebookNode

from days_to_sell.cli.notebooks.pairing import cleaned, read, to_notebook, to_source

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
JUPYTER = sorted(NOTEBOOKS.glob("*.ipynb"))
REPAIR = "run `days-to-sell notebooks pair` (or `pair --from source`, if that was edited)"


def code(book: NotebookNode) -> list[NotebookNode]:
    """The cells that run."""
    return [cell for cell in book.cells if cell.cell_type == "code"]


def test_each_notebook_has_its_source_file() -> None:
    """Notebooks and source files are named alike, and there are four."""
    names = [path.stem for path in JUPYTER]

    assert names == ["1-explore", "2-features", "3-experiments", "4-model-review"]
    assert [path.stem for path in sorted(NOTEBOOKS.glob("*.py"))] == names


@pytest.mark.parametrize("path", JUPYTER, ids=lambda path: path.stem)
def test_a_pair_holds_the_same_cells(path: Path) -> None:
    """Each side gives the other, character by character."""
    source = path.with_suffix(".py").read_text(encoding="utf-8")

    assert to_source(read(path)) == source, REPAIR
    assert to_notebook(source) == cleaned(read(path)), REPAIR


@pytest.mark.parametrize("path", JUPYTER, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    """No output or execution count is committed, so that a diff shows what a person changed."""
    assert read(path) == cleaned(read(path)), REPAIR
    assert all(not cell.outputs and cell.execution_count is None for cell in code(read(path)))


@pytest.mark.parametrize("path", JUPYTER, ids=lambda path: path.stem)
def test_a_notebook_calls_the_library_and_defines_nothing(path: Path) -> None:
    """No cell defines a function, a class or a lambda: what is worth naming belongs in the library."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda

    found = [
        f"{cell.id}, line {node.lineno}"
        for cell in code(read(path))
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, definitions)
    ]

    assert not found
    assert any("days_to_sell" in cell.source for cell in code(read(path)))


@pytest.mark.parametrize("path", JUPYTER, ids=lambda path: path.stem)
def test_a_notebook_is_a_narrative(path: Path) -> None:
    """It begins with a title, and text stands above each of its parts."""
    book = read(path)

    assert book.cells[0].cell_type == "markdown"
    assert book.cells[0].source.startswith("# ")
    text = [cell for cell in book.cells if cell.cell_type == "markdown"]
    assert len(text) >= len(code(book)) / 2
