"""``days-to-sell bundle``: look into an MLeap bundle, and score rows with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

import click

from days_to_sell.cli.rows import read_rows
from days_to_sell.errors import ProofError, ScoringError
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.package import open_package
from days_to_sell.scoring.predictor import Predictor


@click.group()
def bundle() -> None:
    """Look into MLeap bundles and model packages, without Spark or a JVM."""


@bundle.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
def inspect(file: Path) -> None:
    """Show what columns a bundle FILE takes and gives.

    \b
    Example:
      days-to-sell bundle inspect model.zip
    """
    loaded = load_bundle(file)
    click.echo(f"inputs   {', '.join(loaded.inputs)}")
    click.echo(f"outputs  {', '.join(loaded.outputs)}")


@bundle.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--input", "source", type=click.File("r"), default="-", show_default=True, help="Rows as JSON lines."
)
def score(file: Path, source: TextIO) -> None:
    """Score rows with a bundle FILE: one JSON line in, one out; null for a row that the pipeline drops.

    \b
    Example:
      days-to-sell bundle score model.zip --input rows.jsonl
    """
    loaded = load_bundle(file)
    for number, row in read_rows(source):
        try:
            click.echo(json.dumps(loaded.transform_row(row)))
        except ScoringError as error:
            raise ScoringError(f"line {number}: {error}") from error


@bundle.command()
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
def verify(package: Path) -> None:
    """Check a model PACKAGE against its manifest and its golden data.

    \b
    Example:
      days-to-sell bundle verify build/package
    """
    opened = open_package(package)
    proof = Predictor(opened).prove()
    if not proof.passed:
        raise ProofError("\n".join(map(str, proof.differences)) or f"{package} holds no golden rows")
    click.echo(
        f"{opened.digest}: {proof.rows} golden rows hold, largest relative error {proof.max_rel_error:.1e}"
    )
