"""``days-to-sell promote`` and ``history``: what is in Production, and what was."""

from __future__ import annotations

import click

from days_to_sell.errors import RegistryError
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


@click.command()
@click.argument("model")
def history(model: str) -> None:
    """List the versions of registered MODEL, newest first, and what became of each.

    \b
    Example:
      days-to-sell history days-to-sell
    """
    versions = Registry().versions(model)
    if not versions:
        raise RegistryError(f"{model!r} has no registered version; train one: days-to-sell train")
    for version in versions:
        tags = version.tags
        status = tags.get("release.status", "not released")
        detail = tags.get("release.released_at") or tags.get("release.reason", "").partition("\n")[0]
        click.echo(f"{version.version:>4}  {status:<12}  {tags.get('package.estimator', ''):<28}  {detail}")
