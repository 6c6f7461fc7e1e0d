"""All notebooks in a row, on one small lake."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from days_to_sell.cli.notebooks.execution import execute
from days_to_sell.cli.notebooks.workshop import Workshop
from days_to_sell.models import find_model

Progress = Callable[[str], None]
SEED = 20


def run_batch(books: Sequence[Path], home: Path, folder: str, adverts: int, *, report: Progress) -> None:
    """Run notebooks one after the other; the first that fails ends it.

    Args:
        books: The notebooks, in order.
        home: Folder of everything that is written.
        folder: Folder of the model that the lake is made for.
        adverts: Adverts to generate.
        report: Takes lines of progress.

    Raises:
        NotebookError: A cell failed or took too long.
    """
    model, workshop, lake = find_model(folder), Workshop(home), home.resolve() / "lake"
    workshop.clear(model.spec.name)
    snapshot = model.write_example_lake(lake, data=None, adverts=adverts, seed=SEED)
    report(f"lake {lake} with {adverts:,} adverts, snapshot {snapshot}")
    environment = workshop.environment(str(lake), home / "training-data", {})
    started = time.monotonic()
    for number, book in enumerate(books, start=1):
        report(f"[{number}/{len(books)}] {book.name}")
        done = execute(book, home, environment, report=report)
        report(f"{book.stem}: {done.seconds:.0f} s, {done.page}")
    report(f"{len(books)} notebooks ran in {time.monotonic() - started:.0f} s; MLflow store {workshop.store}")
