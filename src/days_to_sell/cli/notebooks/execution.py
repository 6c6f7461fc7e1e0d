"""Running a notebook from top to bottom in a kernel of its own, with progress, and keeping what it showed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from days_to_sell.cli.notebooks.pairing import read
from days_to_sell.errors import NotebookError

Progress = Callable[[str], None]
CELL_SECONDS = 300
HEADING = re.compile(r"^#{1,3} +(.+)$", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Executed:
    """What a notebook left.

    Args:
        book: The notebook with its outputs.
        page: The same as a page for a browser.
        seconds: How long it ran.
        whole: Whether all of its cells ran.
    """

    book: Path
    page: Path
    seconds: float
    whole: bool = True


class _EnoughError(Exception):
    """Nobody needs the cells that are left."""


def execute(
    notebook: Path,
    target: Path,
    environment: Mapping[str, str],
    *,
    report: Progress,
    limit: int = CELL_SECONDS,
    enough: Callable[[], bool] = lambda: False,
) -> Executed:
    """Run a notebook where it stands and write it with its outputs, also when a cell fails.

    Args:
        notebook: The ``.ipynb`` file; it is not changed.
        target: Folder for the notebook with outputs and its page.
        environment: The whole environment of the kernel.
        report: Takes a line for each part of the notebook that begins.
        limit: Seconds that one cell may take.
        enough: Asked after each cell; the notebook ends where it says so.

    Raises:
        NotebookError: A cell failed or took too long; the message says which and why.
    """

    def stop_where_enough(**cell: object) -> None:
        if enough():
            raise _EnoughError

    book = read(notebook)
    progress = _Progress(book, notebook.stem, report)
    client = NotebookClient(
        book,
        timeout=limit,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_start=progress,
        on_cell_executed=stop_where_enough,
        # The kernel listens on the loopback interface alone, and warns of that each time.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    started, whole = time.monotonic(), True
    target.mkdir(parents=True, exist_ok=True)
    try:
        client.execute(env=dict(environment))
    except _EnoughError:
        whole = False
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(
            f"{notebook.name} failed under {progress.heading!r}: {_reason(error, limit)}; "
            f"all it showed is in {_page(target, notebook)}"
        ) from error
    finally:
        _keep(book, target, notebook)
    return Executed(target / notebook.name, _page(target, notebook), time.monotonic() - started, whole)


class _Progress:
    """Reports the heading under which the running cell stands, once."""

    def __init__(self, book: NotebookNode, name: str, report: Progress) -> None:
        self._book, self._name, self._report = book, name, report
        self.heading = ""

    def __call__(self, cell: NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "markdown":
            return
        texts = [above.source for above in self._book.cells[:cell_index] if above.cell_type == "markdown"]
        headings = [heading for text in texts for heading in HEADING.findall(text)]
        if headings and headings[-1] != self.heading:
            self.heading = headings[-1]
            self._report(f"{self._name}: {self.heading}")


def _keep(book: NotebookNode, target: Path, notebook: Path) -> None:
    page, _ = HTMLExporter().from_notebook_node(book, resources={"metadata": {"name": notebook.stem}})
    for path, text in ((target / notebook.name, nbformat.writes(book)), (_page(target, notebook), page)):
        draft = path.with_name(f".{path.name}.part")
        draft.write_text(text, encoding="utf-8")
        draft.rename(path)


def _page(target: Path, notebook: Path) -> Path:
    return target / f"{notebook.stem}.html"


def _reason(error: Exception, limit: int) -> str:
    if isinstance(error, CellExecutionError):
        return COLOURS.sub("", f"{error.ename}: {error.evalue}")
    if isinstance(error, CellTimeoutError):
        return f"a cell took longer than {limit} s"
    return "its kernel died; it may have run out of memory"
