"""Running a notebook: in a kernel of its own, with progress, and with all that it showed when it fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from days_to_sell.cli.notebooks.execution import Executed, execute
from days_to_sell.errors import NotebookError


def run(
    folder: Path, *cells: str, limit: int = 60, enough: Callable[[], bool] = lambda: False
) -> tuple[Executed, list[str]]:
    """Run a notebook of code cells, each below a heading with its number."""
    book = nbformat.v4.new_notebook()
    for number, source in enumerate(cells, start=1):
        book.cells += [nbformat.v4.new_markdown_cell(f"## Part {number}"), nbformat.v4.new_code_cell(source)]
    notebook = folder / "here" / "tried.ipynb"
    notebook.parent.mkdir()
    nbformat.write(book, notebook)
    said: list[str] = []
    environment = {**os.environ, "TOLD": "to the kernel"}
    target = folder / "build"
    return execute(notebook, target, environment, report=said.append, limit=limit, enough=enough), said


def test_a_notebook_is_run_where_it_stands_and_kept_with_its_outputs(tmp_path: Path) -> None:
    """It sees its own folder and the given environment; what it showed is kept apart from it."""
    done, said = run(tmp_path, "import os\nos.path.basename(os.getcwd())", "os.environ['TOLD']")

    first, second = (cell.outputs[0].data["text/plain"] for cell in nbformat.read(done.book, 4).cells[1::2])
    assert (first, second) == ("'here'", "'to the kernel'")
    assert "to the kernel" in done.page.read_text(encoding="utf-8")
    assert not nbformat.read(tmp_path / "here" / "tried.ipynb", 4).cells[1].outputs
    assert said == ["tried: Part 1", "tried: Part 2"]
    assert done.whole


def test_a_cell_that_fails_is_named_and_what_was_shown_is_kept(tmp_path: Path) -> None:
    """The message says under which heading, what went wrong and where to look; later cells do not run."""
    with pytest.raises(NotebookError) as raised:
        run(tmp_path, "print('so far')", "1 / 0", "print('never')")

    page = (tmp_path / "build" / "tried.html").read_text(encoding="utf-8")
    assert "tried.ipynb failed under 'Part 2': ZeroDivisionError: division by zero" in str(raised.value)
    assert str(tmp_path / "build" / "tried.html") in str(raised.value)
    kept = nbformat.read(tmp_path / "build" / "tried.ipynb", 4)
    assert [len(cell.outputs) for cell in kept.cells[1::2]] == [1, 1, 0]
    assert "so far" in page
    assert "ZeroDivisionError" in page


def test_a_notebook_ends_where_it_is_enough(tmp_path: Path) -> None:
    """After the cell that settled it nothing runs, and what was shown so far is kept."""
    settled = tmp_path / "settled"
    cells = ("print('so far')", f"open({str(settled)!r}, 'w').close()", "print('never')")

    done, said = run(tmp_path, *cells, enough=settled.exists)

    assert not done.whole
    assert said == ["tried: Part 1", "tried: Part 2"]
    assert [len(cell.outputs) for cell in nbformat.read(done.book, 4).cells[1::2]] == [1, 0, 0]
    assert "so far" in done.page.read_text(encoding="utf-8")


def test_a_cell_that_hangs_is_ended(tmp_path: Path) -> None:
    """A cell has a limit, after which its kernel goes and the message says how long it was."""
    with pytest.raises(NotebookError, match="under 'Part 1': a cell took longer than 1 s"):
        run(tmp_path, "import threading\nthreading.Event().wait()", limit=1)


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    """A process that is gone, such as for want of memory, is no hang."""
    with pytest.raises(NotebookError, match="its kernel died"):
        run(tmp_path, "import os\nos._exit(1)")
