"""``days-to-sell promote``: put a version in Production."""

from __future__ import annotations

import click

from days_to_sell.registry.gates.door import spec_of
from days_to_sell.registry.overriding import OVERRIDE_TAG
from days_to_sell.registry.versions import Registry

UNGATED = (
    "warning: nothing in this registry keeps red gates out of Production, and it records no promotions; run "
    "the MLflow server with --registry-store-uri dts+sqlite:///... or dts+postgresql://... "
    "(docs/guides/promotion.md)"
)


@click.command()
@click.argument("model")
@click.argument("version")
@click.option(
    "--override",
    metavar="REASON",
    help="Promote past red gates, for those whom DAYS_TO_SELL_OVERRIDE_USERS of the server names; the reason "
    "is kept in the event log and shown with the version.",
)
def promote(model: str, version: str, override: str | None) -> None:
    """Put VERSION of registered MODEL in Production: stage and alias together.

    A registry that has gates refuses where one is red or was not evaluated, with every reason and what to do.

    \b
    Examples:
      days-to-sell promote days-to-sell 3
      days-to-sell promote days-to-sell 3 --override "prices are wrong without it; ticket 81"
    """
    registry = Registry()
    promoted = registry.promote(model, version, override=override)
    if override is None and spec_of(model) is not None and not registry.gated(model):
        click.echo(UNGATED, err=True)
    if shown := promoted.tags.get(OVERRIDE_TAG):
        click.echo(f"red gates were overridden: {shown}")
    elif override is not None:
        click.echo("no gate was red: nothing was overridden, and the reason is not kept")
    click.echo(
        f"{promoted.model} version {promoted.version} is in Production; "
        f"serve it with: days-to-sell release {model}"
    )
