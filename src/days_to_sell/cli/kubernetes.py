"""``days-to-sell kubernetes``: the version in Production, proven, published and written as manifests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from days_to_sell.cli.engines import runtime_of
from days_to_sell.cli.events import WORKSPACE
from days_to_sell.cli.options import engine_option
from days_to_sell.cli.reconciling import make_site
from days_to_sell.errors import RegistryError, SettingsError
from days_to_sell.release.target import PREPROD, PRODUCTION, Artifact
from days_to_sell.settings import PREFIX, Engine


@click.command()
@click.argument("model")
@click.option(
    "--to", type=click.Path(path_type=Path), required=True, help="Folder of overlays, such as a clone."
)
@click.option(
    "--environment",
    type=click.Choice([PREPROD, PRODUCTION]),
    default=PRODUCTION,
    show_default=True,
    help="What the manifests are for.",
)
@click.option("--version", "number", help="Another version than that in Production; for preprod alone.")
@click.option("--registry", help=f"Image registry and path; {PREFIX}IMAGE_REGISTRY when not given.")
@click.option("--base-image", help="Base of the scoring image.")
@engine_option
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder for packages.",
)
def kubernetes(
    model: str,
    to: Path,
    environment: str,
    number: str | None,
    registry: str | None,
    base_image: str | None,
    engine: Engine,
    workspace: Path,
) -> None:
    """Write manifests of the version of MODEL that is in Production; applying them is left to others.

    The image is built, proven with golden data on this machine's Docker engine, and published; then the
    folder is written, whole or not at all. No cluster is asked, so nothing is said of what serves there.

    \b
    Examples:
      days-to-sell kubernetes days-to-sell --to deployments
      days-to-sell kubernetes days-to-sell --to deployments --environment preprod --version 4
    """
    if number and environment != PREPROD:
        raise click.UsageError(
            "--version is for --environment preprod; production gets what is in Production"
        )
    site = make_site(0, 0, base_image, workspace)
    site = replace(site, report=lambda line: click.echo(line, err=True))
    place = registry or site.settings.image_registry
    if not place:
        raise SettingsError(
            f"no image registry is named, for a cluster to get the image from; set {PREFIX}IMAGE_REGISTRY "
            "or give --registry, such as registry.example:5000/days-to-sell"
        )
    # MLflow and the client of the engine take seconds to import.
    from days_to_sell.registry.versions import Registry
    from days_to_sell.release.engine import connect
    from days_to_sell.release.images.build import build_image
    from days_to_sell.release.images.publish import publish
    from days_to_sell.release.kubernetes.overlay import Overlay, write_overlay
    from days_to_sell.release.kubernetes.proof import prove
    from days_to_sell.release.packages import fetch_package
    from days_to_sell.release.service import service_environment
    from days_to_sell.scoring.predictor import Predictor

    known = Registry(trusted_keys=site.settings.trusted_keys)
    version = known.version(model, number) if number else known.production(model)
    if version is None:
        raise RegistryError(f"no version of {model!r} is in Production; promote one first")
    package = fetch_package(known, version, site.workspace)
    scored_by = Predictor(package, engine=engine, runtime=runtime_of(site.settings)).engine
    docker = connect()
    image, size = build_image(docker, site, package, version.version, scored_by)
    artifact = Artifact(package, version.version, image, scored_by, size)
    variables = service_environment(site.settings, artifact, environment)
    prove(docker, artifact, environment, variables, seconds=site.ready_seconds)
    published = publish(docker, image, place, report=site.report)
    overlay = Overlay(
        environment, version.model, version.version, package.digest, published.address, variables
    )
    folder = write_overlay(to, site.project, overlay)
    click.echo(
        f"written, not applied: {version.model} version {version.version} for {environment} in {folder}"
    )
    click.echo(f"kubectl apply -k {folder}")
