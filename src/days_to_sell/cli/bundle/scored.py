"""``days-to-sell bundle score``: answer the rows of a file."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from days_to_sell.cli.bundle.tables import FORMATS, STDIO, Answers, Numbered, format_of, read_table
from days_to_sell.cli.engines import open_and_tell
from days_to_sell.cli.options import engine_option
from days_to_sell.errors import BundleError, ContractError, ScoringError
from days_to_sell.scoring import Bundle
from days_to_sell.settings import Engine

# Rows that are scored at once.
BATCH = 2_000
# Progress is told about every so many seconds.
PACE = 2.0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--input", "source", default=STDIO, show_default=True, help="Rows: a file, or - for standard input."
)
@click.option("--output", "target", default=STDIO, show_default=True, help="Where the answers go.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Format of both; told by each file's name if absent, and JSON lines where there is none.",
)
@click.option("--columns", help="Columns of an answer, separated by commas: of the row or of the pipeline.")
@click.option(
    "--on-error",
    type=click.Choice(["refuse", "report"]),
    default="refuse",
    show_default=True,
    help="Stop at the first row that cannot be scored, or leave its answer empty and tell why.",
)
@engine_option
def score(
    file: Path,
    source: str,
    target: str,
    form: str | None,
    columns: str | None,
    on_error: str,
    engine: Engine,
) -> None:
    """Score rows with a bundle FILE.

    Rows are JSON lines, or CSV with a header, whose cells are read as the pipeline takes them; empty cells
    are null. An answer is the row with every column that the pipeline writes. There is one for each row:
    null, or empty cells, for a row that the pipeline drops. A file appears when all rows are answered.

    \b
    Examples:
      days-to-sell bundle score model.zip --input rows.csv --output scored.csv
      days-to-sell bundle score model.zip --input rows.jsonl --columns id,prediction
      head -1 rows.jsonl | days-to-sell bundle score model.zip
    """
    bundle = open_and_tell(file, engine)
    wanted = tuple(columns.split(",")) if columns else ()
    if wanted:
        bundle = _narrowed(bundle, wanted)
    read_as = form or format_of(source, "jsonl")
    written_as = form or format_of(target, read_as)
    with _reading(source) as lines, _writing(target) as out:
        rows = read_table(lines, read_as, bundle.inputs)
        counts = _score(bundle, rows, Answers(out, written_as, wanted, tuple(bundle.outputs)), on_error)
    if target != STDIO:
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
        click.echo(f"{target}: {counts.total():,} rows{': ' if told else ''}{told}")


def _narrowed(bundle: Bundle, wanted: Sequence[str]) -> Bundle:
    outputs = [column for column in wanted if column in bundle.outputs]
    if not outputs:
        raise BundleError(f"--columns names none that the pipeline writes: {', '.join(bundle.outputs)}")
    return bundle.select(outputs)


def _score(bundle: Bundle, rows: Iterable[Numbered], answers: Answers, on_error: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    started = told = time.monotonic()
    for batch in _batches(rows):
        found = bundle.transform_each([row for _, row in batch])
        for (line, row), answer in zip(batch, found, strict=True):
            if isinstance(answer, ScoringError):
                if on_error == "refuse":
                    raise ScoringError(f"line {line}: {answer}") from answer
                click.echo(f"line {line}: {answer}", err=True)
                counts["refused"] += 1
            else:
                counts["dropped" if answer is None else "scored"] += 1
            answers.write(line, row, None if isinstance(answer, ScoringError) else answer)
        now = time.monotonic()
        if now - told > PACE:
            told, rows_done = now, counts.total()
            click.echo(f"{rows_done:,} rows, {rows_done / (now - started):,.0f} a second", err=True)
    return counts


def _batches(rows: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    batch: list[Numbered] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except (ContractError, UnicodeDecodeError) as error:
        # The lines before the one that is no row are answered like any other.
        yield batch
        if isinstance(error, UnicodeDecodeError):
            raise ContractError(f"the input is not UTF-8 text: {error}") from error
        raise
    yield batch


@contextmanager
def _reading(source: str) -> Iterator[TextIO]:
    if source == STDIO:
        yield sys.stdin
        return
    try:
        with Path(source).open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except OSError as error:
        raise click.FileError(source, str(error)) from error


@contextmanager
def _writing(target: str) -> Iterator[TextIO]:
    """Give a file that takes its name when everything is written to it."""
    if target == STDIO:
        yield sys.stdout
        return
    path = Path(target)
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="") as out:
            yield out
        draft.replace(path)
    except OSError as error:
        raise click.FileError(target, str(error)) from error
    finally:
        draft.unlink(missing_ok=True)
