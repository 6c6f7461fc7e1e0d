"""``days-to-sell rollback``: the version that served before is Production again, and answers again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from days_to_sell.cli.events import WORKSPACE
from days_to_sell.cli.options import engine_option, service_options
from days_to_sell.cli.reconciling import aides_for, code_of, make_site, reconcile_at
from days_to_sell.errors import DaysToSellError
from days_to_sell.registry.versions import Registry
from days_to_sell.release.choose import Choice, choose_target
from days_to_sell.release.machine.admission import Gates
from days_to_sell.release.outcome import Release
from days_to_sell.release.rollback import Rollback
from days_to_sell.settings import Engine


@click.command()
@click.argument("model")
@click.option("--to", metavar="VERSION", help="Version to go back to; the one released before if absent.")
@click.option("--reason", required=True, help="Why; it is kept in the event log.")
@service_options
@engine_option
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder of the release.",
)
def rollback(
    model: str,
    to: str | None,
    reason: str,
    target: Choice,
    port: int,
    preprod_port: int,
    base_image: str | None,
    engine: Engine,
    workspace: Path,
) -> None:
    """Make the previous good version of registered MODEL Production again, live from what was kept.

    That is the version that was released here last, before the one in Production, and that nobody rolled
    back from since. Nothing is built, and pre-production is left out: these bytes were proven there. Golden
    data is replayed in production all the same. Exit codes are those of release.

    \b
    Examples:
      days-to-sell rollback days-to-sell --reason "prices of vans are wrong"
      days-to-sell rollback days-to-sell --to 3 --reason "back to what we know"
    """
    site = make_site(port, preprod_port, base_image, workspace)
    site = replace(site, settings=replace(site.settings, engine=engine))
    aides = aides_for(site)

    def serve() -> Release:
        chosen, _ = choose_target(target, site)
        return reconcile_at(model, chosen, site, aides)

    refusals = Gates(aides.log).refusals
    try:
        done = Rollback(Registry(), model, site.workspace, aides, refusals, serve, click.echo).run(reason, to)
        click.echo(f"{done.model} version {done.version} at {done.url}")
    except DaysToSellError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(code_of(error))
    finally:
        aides.alerts.wait()
