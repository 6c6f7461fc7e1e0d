"""``days-to-sell notebooks``: run them from top to bottom, and keep each equal to its source file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from days_to_sell.errors import EnvironmentProblem

if TYPE_CHECKING:
    from days_to_sell.cli.notebooks.pairing import Origin

FOLDER = Path("notebooks")
HOME = Path("build/notebooks")
# The notebooks are about this one.
MODEL = "days_to_sell"


@click.group()
def notebooks() -> None:
    """Run the notebooks; keep each equal to its Databricks source file."""


@notebooks.command()
@click.argument("names", nargs=-1)
@click.option("--adverts", default=4_000, show_default=True, help="Adverts of the example lake.")
@click.option(
    "--home", type=click.Path(path_type=Path), default=HOME, show_default=True, help="Where to run."
)
def run(names: tuple[str, ...], adverts: int, home: Path) -> None:
    """Execute notebooks on a small example lake, with a new MLflow store.

    All of them, in order, unless NAMES say which. Each is kept with its outputs, as a notebook and as a page.

    \b
    Examples:
      days-to-sell notebooks run
      days-to-sell notebooks run 1-explore
    """
    require_tools()
    from days_to_sell.cli.notebooks.batch import run_batch

    run_batch(find(names), home, MODEL, adverts, report=click.echo)


@notebooks.command()
@click.option(
    "--from",
    "origin",
    type=click.Choice(["jupyter", "source"]),
    default="jupyter",
    show_default=True,
    help="The side that was edited.",
)
def pair(origin: Origin) -> None:
    """Write the Databricks source file of each notebook, or the notebook of each source file.

    Outputs are removed from notebooks: what is committed is what a person wrote.

    \b
    Examples:
      days-to-sell notebooks pair
      days-to-sell notebooks pair --from source
    """
    require_tools()
    from days_to_sell.cli.notebooks import pairing

    changed = list(pairing.pair(FOLDER, origin))
    click.echo("\n".join(f"wrote {path}" for path in changed) or "every pair agrees already")


def find(names: tuple[str, ...]) -> list[Path]:
    """Find notebooks by name, or all of them.

    Raises:
        click.BadParameter: There is no such notebook.
    """
    known = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        raise click.BadParameter(
            f"{FOLDER} holds no {', '.join(unknown) or 'notebooks'}; it holds "
            f"{', '.join(known) or 'nothing'}; run from the root of the project"
        )
    return [known[name] for name in names or known]


def require_tools() -> None:
    """Make sure that what runs notebooks is installed; a training or release machine needs none of it.

    Raises:
        EnvironmentProblem: It is not.
    """
    missing = [name for name in ("ipykernel", "nbclient", "nbconvert") if find_spec(name) is None]
    if missing:
        raise EnvironmentProblem(
            f"notebooks need {', '.join(missing)}, which is not installed; `make notebooks` installs it, "
            "and so does `pip install -r requirements/dev.txt`"
        )
