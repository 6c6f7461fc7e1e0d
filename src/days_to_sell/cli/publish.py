"""``days-to-sell publish``: push a built image to an image registry, and tell the name that lasts."""

from __future__ import annotations

import click

from days_to_sell.errors import SettingsError
from days_to_sell.release.engine import connect
from days_to_sell.release.images import publish as publishing
from days_to_sell.settings import PREFIX, Settings


@click.command()
@click.argument("image")
@click.option("--registry", help=f"Image registry and path; {PREFIX}IMAGE_REGISTRY when not given.")
def publish(image: str, registry: str | None) -> None:
    """Push IMAGE of the Docker engine to an image registry, and print its address by digest.

    Log in with docker login first, where the registry asks for it. An image that the registry has is not sent
    again. The address is all that standard output gets; progress goes to standard error.

    \b
    Examples:
      days-to-sell publish days-to-sell:3-0123456789ab
      days-to-sell publish days-to-sell:3-0123456789ab --registry registry.example:5000/days-to-sell
    """
    place = registry or Settings.from_env().image_registry
    if not place:
        raise SettingsError(
            f"no image registry is named; set {PREFIX}IMAGE_REGISTRY or give --registry, "
            "such as registry.example:5000/days-to-sell"
        )
    published = publishing.publish(connect(), image, place, report=lambda line: click.echo(line, err=True))
    click.echo(published.address)
