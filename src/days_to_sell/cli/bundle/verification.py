"""``days-to-sell bundle verify``: hold a bundle or a model package against answers that are known."""

from __future__ import annotations

from pathlib import Path

import click

from days_to_sell.cli.bundle.known import compare, read_known
from days_to_sell.errors import BundleError, ProofError
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.package import MANIFEST, open_package
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.scoring.python import PythonBundle

# So many rows that differ are told apart.
SHOWN = 10


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--golden",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Rows with the answers that are expected, as JSON lines; a model package brings its own.",
)
def verify(file: Path, golden: Path | None) -> None:
    """Check a bundle FILE against golden rows, or a model package against its manifest and its own.

    A golden row is a JSON object with every input of the pipeline and with what is expected in any of the
    columns that it writes, as DataFrame.toJSON() of Spark gives it; vectors may be lists as well. Numbers are
    equal up to a relative 1e-9. Of each row that differs, the first stage that does is named.

    \b
    Examples:
      days-to-sell bundle verify model.zip --golden golden.jsonl
      days-to-sell bundle verify build/package
    """
    if (file / MANIFEST).is_file():
        if golden is not None:
            raise click.UsageError(
                f"{file} is a model package, which brings its golden rows; leave out --golden"
            )
        click.echo(_proved(file))
        return
    if golden is None:
        raise click.UsageError(f"{file} is no model package; name rows with the answers expected by --golden")
    bundle = load_bundle(file)
    if not isinstance(bundle, PythonBundle):
        raise BundleError(f"{file} is not scored in Python, so it cannot be compared stage by stage")
    found = compare(bundle, read_known(golden, bundle))
    if not found.rows or found.differences:
        more = len(found.differences) - SHOWN
        told = [*found.differences[:SHOWN], *([f"and {more:,} rows more"] if more > 0 else [])]
        raise ProofError("\n".join(told) or f"{golden} holds no rows")
    click.echo(f"{file}: {found.rows:,} golden rows hold, largest relative error {found.max_rel_error:.1e}")


def _proved(package: Path) -> str:
    opened = open_package(package)
    proof = Predictor(opened).prove()
    if not proof.passed:
        raise ProofError("\n".join(map(str, proof.differences)) or f"{package} holds no golden rows")
    return f"{opened.digest}: {proof.rows} golden rows hold, largest relative error {proof.max_rel_error:.1e}"
