"""``days-to-sell promote``: put a version in Production."""

from __future__ import annotations

import click

from days_to_sell.registry.versions import Registry


@click.command()
@click.argument("model")
@click.argument("version")
def promote(model: str, version: str) -> None:
    """Put VERSION of registered MODEL in Production: stage and alias together.

    \b
    Example:
      days-to-sell promote days-to-sell 3
    """
    promoted = Registry().promote(model, version)
    click.echo(
        f"{promoted.model} version {promoted.version} is in Production; "
        f"serve it with: days-to-sell release {model}"
    )
