"""``days-to-sell release``: make what serves equal to what is in Production."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from days_to_sell.cli.engines import runtime_of
from days_to_sell.cli.options import engine_option, service_options
from days_to_sell.registry.versions import Registry
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.choose import Choice, choose_target
from days_to_sell.release.outcome import Release
from days_to_sell.release.project import project_root
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION
from days_to_sell.settings import Engine, Settings

WORKSPACE = Path("build/release")


@click.command()
@click.argument("model")
@service_options
@engine_option
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder for packages and the state of deployments.",
)
def release(
    model: str,
    target: Choice,
    port: int,
    preprod_port: int,
    base_image: str | None,
    engine: Engine,
    workspace: Path,
) -> None:
    """Build, prove and deploy the version of registered MODEL that is in Production.

    Golden data is replayed in pre-production and again in production; a version that fails leaves what serves
    as it is. Run again, it does nothing while the released version serves.

    \b
    Examples:
      days-to-sell release days-to-sell
      days-to-sell release days-to-sell --target docker --base-image python:3.11-slim-bookworm
      days-to-sell release days-to-sell --engine jvm
    """
    site = make_site(port, preprod_port, base_image, workspace)
    site = replace(site, settings=replace(site.settings, engine=engine))
    released = release_production(model, target, site)
    click.echo(f"{released.model} version {released.version} at {released.url}")


def make_site(port: int, preprod_port: int, base_image: str | None, workspace: Path) -> Site:
    """Say what targets stand on: the project this runs from, the ports of this machine, the workspace."""
    settings = Settings.from_env()
    return Site(
        settings=replace(settings, base_image=base_image) if base_image else settings,
        project=project_root(),
        workspace=workspace.resolve(),
        addresses=Addresses(settings.host, {PRODUCTION: port, PREPROD: preprod_port}),
        report=click.echo,
    )


def release_production(model: str, choice: Choice, site: Site) -> Release:
    """Choose a target, say so loudly, and reconcile."""
    target, reason = choose_target(choice, site)
    click.secho(f"*** {reason} ***", bold=True)
    return reconcile(
        Registry(),
        model,
        target,
        workspace=site.workspace,
        report=site.report,
        engine=site.settings.engine,
        runtime=runtime_of(site.settings),
    )
