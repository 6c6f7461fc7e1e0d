"""``days-to-sell equivalence``: a notebook and the project, on the same snapshot, held against each other."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from days_to_sell.cli.notebooks import MODEL, require_tools

HOME = Path("build/equivalence")


@click.command()
@click.option("--lake", type=click.Path(path_type=Path, exists=True), help="Lake; an example if left out.")
@click.option("--adverts", default=4_000, show_default=True, help="Adverts of the example lake.")
@click.option(
    "--home", type=click.Path(path_type=Path), default=HOME, show_default=True, help="Where to run."
)
@click.option(
    "--again", is_flag=True, help="Keep the project's run that is there, and run the notebook only."
)
@click.option(
    "--seed-difference", is_flag=True, help="Change one value in the notebook's copy of the lake: be refused."
)
def equivalence(lake: Path | None, adverts: int, home: Path, again: bool, seed_difference: bool) -> None:
    """Run notebook 3-experiments and the project on one snapshot, and compare what they made.

    The training data has to be the same row for row, and the best models have to answer every row of it and
    every golden row alike, within 1e-9. What differs is told by column and row; the last line is the verdict.
    Where the training data differ already, the notebook is not run to its end.

    \b
    Examples:
      days-to-sell equivalence
      days-to-sell equivalence --again --seed-difference
    """
    require_tools()
    from days_to_sell.cli.equivalence.sides import Sides

    sides = Sides(home, MODEL, report=click.echo)
    found = sides.run(lake, adverts, again=again, seeded=seed_difference)
    click.echo(found.to_text())
    if not found.equal:
        sys.exit(1)
