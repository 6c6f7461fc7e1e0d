"""``days-to-sell build``: the scoring image of a model package, from its address alone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import click

from days_to_sell.cli.engines import runtime_of
from days_to_sell.cli.events import WORKSPACE
from days_to_sell.cli.options import engine_option
from days_to_sell.cli.places import opened, tell
from days_to_sell.cli.reconciling import make_site
from days_to_sell.release.engine import connect
from days_to_sell.release.images.build import build_image
from days_to_sell.release.replay import require
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.settings import Engine, Settings

UNREGISTERED = "unregistered"


@click.command()
@click.argument("which", metavar="s3://...|sha256:...|FOLDER|models:/...")
@click.option(
    "--version", default=UNREGISTERED, show_default=True, help="Version that the image says it serves."
)
@click.option("--base-image", help="Base of the scoring image.")
@engine_option
def build(which: str, version: str, base_image: str | None, engine: Engine) -> None:
    """Build the scoring image of a model package with the Docker engine, and print the image's name.

    The package may be on S3, where it is fetched by its digest: no MLflow is needed. Its golden rows have to
    hold before anything is built. The same bytes give the same image, which is not built again. The name is
    all that standard output gets, for days-to-sell publish to take.

    \b
    Examples:
      days-to-sell build s3://bucket/packages/0b2c... --version 3
      days-to-sell build sha256:0b2c... --version 3
      days-to-sell build build/package
    """
    settings = Settings.from_env()
    site = replace(make_site(8080, 8081, base_image, WORKSPACE), report=tell)
    # Before anything is fetched.
    with closing(connect()) as docker, opened(which) as package:
        predictor = Predictor(package, engine=engine, runtime=runtime_of(settings))
        tell(f"engine {predictor.engine}: {predictor.reason}")
        proof = predictor.prove()
        require(proof, f"the bundle of {package.digest}")
        tell(f"package {package.digest} of {package.model}: {proof.rows} golden rows hold in the bundle")
        image, _ = build_image(docker, site, package, version, predictor.engine)
    click.echo(image)
